// What the lab and its worker thread say to each other. Everything survives structured cloning.

import type { UnixNs } from "@truechimer/base";
import type { LabServerDefinition } from "./lab-catalogue.ts";
import type { NetworkPath } from "./network-path.ts";

/** One server as the worker runs it. */
export interface ServerAssignment {
  readonly definition: LabServerDefinition;
  /** Loopback, IPv4 or IPv6. */
  readonly address: string;
  /** The port to have if it is free; 0 for any. */
  readonly preferredPort: number;
}

/** What the worker is started with. */
export interface LabWorkerInput {
  readonly servers: readonly ServerAssignment[];
  /** By source address; all others get the direct path. */
  readonly paths: ReadonlyMap<string, NetworkPath>;
  /** When the drifting clocks began to drift. */
  readonly startedAtNs: UnixNs;
  /** Of the worker's loss and jitter. */
  readonly seed: number;
}

/** From the worker. */
export type LabWorkerReport =
  /** Every server answers; UDP ports by server name. */
  | { readonly kind: "listening"; readonly ports: ReadonlyMap<string, number> }
  /** A socket could not be had or broke; the worker has closed all others and ends. */
  | { readonly kind: "failed"; readonly server: string; readonly message: string };

/** To the worker. */
export interface LabWorkerOrder {
  readonly kind: "close";
}
