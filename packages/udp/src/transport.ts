// What carries exchanges: the thread with kernel stamps, or node:dgram. In front of it stands one and the same probe
// socket (limits, pacing, promises, judgement).

import type { TimestampSource } from "@truechimer/ntp";
import type { ExchangeEvidence } from "./evidence.ts";
import type { ExchangeOrder, ExchangeTableCounters } from "./exchange-table.ts";

/** Who is told what became of the exchanges. */
export interface TransportEvents {
  onEnd(id: number, evidence: ExchangeEvidence): void;
  /** The transport is broken; nothing more comes from it. */
  onBroken(cause: unknown): void;
}

/** A carrier of exchanges. Closing it drops what is in flight. */
export interface Transport extends AsyncDisposable {
  readonly timestampSource: TimestampSource;
  readonly inFlightMax: number;
  start(order: ExchangeOrder): void;
  /** No `onEnd` follows for this exchange. */
  cancel(id: number): void;
  counters(): ExchangeTableCounters;
  /** Whether the process is to live on for what is in flight. */
  setBusy(isBusy: boolean): void;
}
