// What the parts of one monitor share.

import type { Clock, IpAddress, Random } from "@truechimer/base";
import type { Logger } from "@truechimer/telemetry";
import type { ProbeSocket } from "@truechimer/udp";
import type { AgentMetrics } from "./agent-metrics.ts";
import type { BatchTraceroutes } from "./batch-traceroutes.ts";
import type { ConfigHolder } from "./config-holder.ts";
import type { LeaseStore } from "./lease-store.ts";
import type { MonitorClient } from "./monitor-client.ts";
import type { OtlpLogLevel } from "./monitor-config.ts";
import type { Peer } from "./peer.ts";
import type { SubmissionQueue } from "./queue/submission-queue.ts";
import type { ResolveHost } from "./resolve-host.ts";
import type { ServerPace } from "./server-pace.ts";
import type { Slots } from "./slots.ts";
import type { WorkGate } from "./work-gate.ts";

/** How a stop proceeds: no new work, then no more probing, then nothing at all. */
export interface StopSignals {
  readonly stopping: AbortSignal;
  readonly probing: AbortSignal;
  readonly closing: AbortSignal;
}

/** What is needed to speak with the control plane for one monitor. */
export interface ControlPlaneContext {
  /** The monitor's own address; its text is the monitor's id towards the control plane. */
  readonly address: IpAddress;
  readonly client: MonitorClient;
  readonly config: ConfigHolder;
  readonly peer: Peer;
  readonly queue: SubmissionQueue;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: AgentMetrics;
}

export interface MonitorContext extends ControlPlaneContext {
  /** What to send probes from. Absent: the control plane's NAT address, else the system's choice. */
  readonly localAddress: IpAddress | undefined;
  readonly socket: ProbeSocket;
  /** Whoever runs the agent allows private, loopback and link-local targets; the control plane has to as well. */
  readonly allowPrivateTargets: boolean;
  readonly pace: ServerPace;
  /** Bounds the checks in flight, over all monitors of the agent. */
  readonly checkSlots: Slots;
  /** Those of all monitors of the agent. */
  readonly batchTraceroutes: BatchTraceroutes;
  readonly leaseStore: LeaseStore;
  readonly resolveHost: ResolveHost;
  readonly gate: WorkGate;
  readonly signals: StopSignals;
  /** The control plane has named a level, perhaps the same as before. */
  readonly onOtlpLogLevel: (level: OtlpLogLevel) => void;
  /** The control plane refuses the monitor's work: whoever knows its status should look. */
  readonly onRefused: () => void;
}
