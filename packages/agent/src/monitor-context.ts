// What the parts of one monitor share.

import type { Clock, IpAddress, Random } from "@truechimer/base";
import type { Logger } from "@truechimer/telemetry";
import type { ProbeSocket } from "@truechimer/udp";
import type { AgentMetrics } from "./agent-metrics.ts";
import type { ConfigHolder } from "./config-holder.ts";
import type { MonitorClient } from "./monitor-client.ts";
import type { ResolveHost } from "./resolve-host.ts";
import type { ServerPace } from "./server-pace.ts";
import type { Slots } from "./slots.ts";

/** How a stop proceeds: no new work, then no more probing, then nothing at all. */
export interface StopSignals {
  readonly stopping: AbortSignal;
  readonly probing: AbortSignal;
  readonly closing: AbortSignal;
}

export interface MonitorContext {
  /** The monitor's own address; its text is the monitor's id towards the control plane. */
  readonly address: IpAddress;
  /** What to send probes from. Absent: the control plane's NAT address, else the system's choice. */
  readonly localAddress: IpAddress | undefined;
  readonly client: MonitorClient;
  readonly config: ConfigHolder;
  readonly socket: ProbeSocket;
  /** Whoever runs the agent allows private, loopback and link-local targets; the control plane has to as well. */
  readonly allowPrivateTargets: boolean;
  readonly pace: ServerPace;
  /** Bounds the checks in flight, over all monitors of the agent. */
  readonly checkSlots: Slots;
  readonly resolveHost: ResolveHost;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: AgentMetrics;
  readonly signals: StopSignals;
}
