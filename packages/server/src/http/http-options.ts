// What the listener is given, and what it puts up with.

import type { AgentTokens } from "../enrolment/agent-tokens.ts";
import type { OnDemand } from "../on-demand/on-demand.ts";
import type { AdminAccess } from "./admin-access.ts";
import type { CallsInFlight } from "./calls-in-flight.ts";
import type { HostPolicy } from "./host-guard.ts";

/** What a listener puts up with. */
export interface HttpLimits {
  /**
   * TLS within, where it is spoken. Against those who connect and say nothing. It counts from the connection on, so that
   * thousands of agents that come back at once have it together: with 5 s a busy core does not get through 2,500 of them.
   */
  readonly handshakeTimeoutMs: number;
  /** Whole request head within. Against slow-loris. */
  readonly headersTimeoutMs: number;
  /** Whole request within. */
  readonly requestTimeoutMs: number;
  /** Longer than a proxy's in front of us, so that it never uses a connection that we just closed. */
  readonly keepAliveTimeoutMs: number;
  readonly connectionsMax: number;
  /** Of the agents' own listener: each holds one, and 5,000 of them find one replica when the other has gone. */
  readonly agentConnectionsMax: number;
  /** Body of a call of an agent: a batch of 500 with evidence. */
  readonly monitorBodyBytesMax: number;
  readonly adminBodyBytesMax: number;
}

export const HTTP_LIMITS: HttpLimits = {
  handshakeTimeoutMs: 20_000,
  headersTimeoutMs: 5_000,
  requestTimeoutMs: 20_000,
  keepAliveTimeoutMs: 75_000,
  connectionsMax: 4_096,
  agentConnectionsMax: 12_288,
  monitorBodyBytesMax: 4 * 1024 * 1024,
  adminBodyBytesMax: 256 * 1024,
};

/** What every listener of ours is given. */
export interface ListenerOptions {
  readonly limits: HttpLimits;
  /** Calls that are being answered, also those whose caller has gone. */
  readonly calls: CallsInFlight;
  /** Aborted when the time for calls in flight is over. */
  readonly shutdownSignal: AbortSignal;
  /** Address that people open, without a path. */
  readonly publicUrl: () => string;
  /** Address of the agents' own listener. Absent: there is none. */
  readonly agentsUrl: () => string | undefined;
  readonly agentTokens: AgentTokens;
  readonly onDemand: OnDemand;
}

/** Of the listener that people and their programs use. */
export interface HttpAppOptions extends ListenerOptions {
  readonly access: AdminAccess;
  readonly hosts: HostPolicy;
  readonly webRoot: string | undefined;
  /** Whether everybody may read the steps of the servers' scores. */
  readonly scoresPublic: boolean;
}
