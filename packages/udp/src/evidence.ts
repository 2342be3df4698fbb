// What an ended exchange left behind, before it is judged.

import type { NetworkFailure } from "./network-failure.ts";

/** One ended exchange as its transport knows it; instants are of this host's wall clock. */
export interface ExchangeEvidence {
  /** Absent: the request was not sent. */
  readonly sentNs: bigint | undefined;
  readonly sentByKernel: boolean;
  readonly response: Uint8Array | undefined;
  readonly receivedNs: bigint | undefined;
  readonly receivedByKernel: boolean;
  /** Our end: 4 or 16 bytes. */
  readonly sourceAddress: Uint8Array | undefined;
  readonly sourcePort: number | undefined;
  /** 0: the wall clock ran on. */
  readonly clockStepNs: bigint;
  /** The network refused the request. */
  readonly failure: NetworkFailure | undefined;
}
