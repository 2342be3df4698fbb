// What an agent is made of.

import type { Clock, IpAddress, Random } from "@truechimer/base";
import type { Logger } from "@truechimer/telemetry";
import type { ProbeSocket, Tracer } from "@truechimer/udp";
import type { AgentMetrics } from "./agent-metrics.ts";
import type { LeaseFile } from "./lease-file.ts";
import type { CreateTransport } from "./monitor-client.ts";
import type { OtlpLogLevel } from "./monitor-config.ts";
import type { StopSignals } from "./monitor-context.ts";
import type { ConfiguredMonitors } from "./monitor-source.ts";
import type { AgentOnDemandOptions } from "./on-demand/agent-on-demand.ts";
import type { QueueFiles } from "./queue/queue-files.ts";
import type { QueueLimits } from "./queue/submission-queue.ts";
import type { ResolveHost } from "./resolve-host.ts";
import type { SessionTakeover } from "./session-takeover.ts";

export interface AgentMonitor {
  /** The monitor's own address; its text is the monitor's id towards the control plane. */
  readonly address: IpAddress;
  /** The monitor's bearer token. A secret. */
  readonly token: string;
  /** What to send probes from. Default: what the control plane names as NAT address, else the system's choice. */
  readonly localAddress?: IpAddress | undefined;
}

export interface AgentOptions {
  /** Address of the control plane, such as "https://pool.example". */
  readonly apiUrl: string;
  /** Fixed ones, which always work; or what an enrolled agent's configuration says, followed while it changes. */
  readonly monitors: readonly AgentMonitor[] | ConfiguredMonitors;
  /** Not owned: whoever made it closes it, after the agent. */
  readonly probeSocket: ProbeSocket;
  /** Not owned. Absent: this host cannot make traceroutes, and says so. */
  readonly tracer?: Tracer;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Truechimer's version, such as "0.1.0". */
  readonly version: string;
  readonly metrics?: AgentMetrics;
  /**
   * Also probe private, loopback and link-local addresses, where the control plane allows it too. Default false: a
   * control plane alone cannot turn its agents on the networks that they stand in.
   */
  readonly allowPrivateTargets?: boolean;
  /** Checks in flight at once, over all monitors. Default 8,000. */
  readonly checksInFlightMax?: number;
  /** Where results wait for the control plane, also through a restart. Default: in memory. */
  readonly queueFiles?: QueueFiles;
  /** Where leases outlive a restart. Default: they do not. */
  readonly leaseFile?: LeaseFile;
  readonly queueLimits?: Partial<QueueLimits>;
  /** While it is in back-off no work is taken. Not owned. */
  readonly sessionTakeover?: SessionTakeover;
  /** Absent: the agent cannot be asked anything; it only asks for work. */
  readonly onDemand?: AgentOnDemandOptions;
  /** Told with each configuration that names a level for what is copied to a collector of OpenTelemetry. */
  readonly onOtlpLogLevel?: (level: OtlpLogLevel) => void;
  /** Default: the operating system's resolver. */
  readonly resolveHost?: ResolveHost;
  /** Default: HTTP/1.1 to `apiUrl`. */
  readonly createTransport?: CreateTransport;
}

/** What all parts of a running agent are given. */
export interface AgentParts {
  readonly options: AgentOptions;
  readonly createTransport: CreateTransport;
  readonly signals: StopSignals;
}
