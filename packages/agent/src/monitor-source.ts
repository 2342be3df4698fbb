// Where an enrolled agent's monitors and credentials come from: its configuration, which changes while it runs. Both
// interfaces hand out snapshots that never change; a listener is told that there is a new one.

import type { IpAddress, IpFamily } from "@truechimer/base";

/**
 * What a monitor may do. `active`, `testing`: it works. `pending`: it finishes and submits the work in hand and takes no
 * new. `paused`: all its work stops at once; what is measured is delivered when it may be. `deleted`: it ends.
 */
export type SourceMonitorStatus = "pending" | "testing" | "active" | "paused" | "deleted";

export interface SourceMonitor {
  readonly family: IpFamily;
  /** The monitor's own address; its text is the monitor's id towards the control plane. */
  readonly address: IpAddress;
  readonly status: SourceMonitorStatus;
  /** What to send probes from. Absent: what the control plane names as NAT address, else the system's choice. */
  readonly localAddress?: IpAddress;
}

export interface MonitorSource {
  /** At most one a family. */
  readonly monitors: readonly SourceMonitor[];
  /** Called after each change of `monitors`. Returns how to stop it. */
  subscribe(listener: () => void): () => void;
  /** The control plane refuses a monitor's work: ask for the configuration soon. Absent: it is asked for in its time. */
  refresh?(): void;
}

/** A secret: never logged. */
export interface TlsIdentity {
  /** Leaf first. */
  readonly certificatePem: string;
  readonly keyPem: string;
  /** The only root that the control plane's certificate may lead to. Absent: the system's roots. */
  readonly rootPem: string | undefined;
}

export interface AgentCredentials {
  /**
   * The token for the next call. Absent: none, the certificate alone tells who calls. `refused` is the token that the
   * control plane has just refused: another one is wanted.
   */
  bearer(signal: AbortSignal, refused?: string): Promise<string | undefined>;
  /** For the next connection. Absent: no certificate is offered. */
  readonly tls: TlsIdentity | undefined;
  /** Called after `tls` was renewed. Returns how to stop it. */
  subscribe(listener: () => void): () => void;
}

/** What `createAgent` takes in the place of fixed monitors. */
export interface ConfiguredMonitors {
  readonly source: MonitorSource;
  readonly credentials: AgentCredentials;
}
