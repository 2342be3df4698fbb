// Checks on their way to the thread that judges them: numbers in one buffer, which is handed over without being copied.

import type { CheckSeen } from "@truechimer/fault";
import type { Measurement } from "@truechimer/history";

/** What of a result is looked at. */
export type SeenRow = Pick<
  Measurement,
  | "id"
  | "serverId"
  | "monitorId"
  | "atUs"
  | "offsetNs"
  | "rttNs"
  | "samplesSent"
  | "samplesAnswered"
  | "reason"
  | "leap"
>;

/** Numbers of a check: server, monitor, time, offset, delay, sent, received, flags, leap, id. */
const FIELDS = 10;
const RATE_LIMITED = 1;
const UNFIT = 2;
const ROWS_FIRST = 4_096;
const US_PER_MS = 1_000;

/** So many checks, in the order in which they came. */
export interface PackedChecks {
  readonly values: Float64Array<ArrayBuffer>;
  readonly length: number;
}

/** Grows; `take` gives what is in it away. */
export class CheckColumns {
  #values = new Float64Array(ROWS_FIRST * FIELDS);
  #length = 0;

  /** Agents that do not say how many requests they sent sent one. */
  push(row: SeenRow): void {
    if ((this.#length + 1) * FIELDS > this.#values.length) {
      const wider = new Float64Array(2 * this.#values.length);
      wider.set(this.#values);
      this.#values = wider;
    }
    const failed = row.reason !== "";
    const isRateLimited = row.reason === "kiss_rate";
    const sent = isRateLimited ? 1 : row.samplesSent || 1;
    const answered = row.samplesSent === 0 ? Number(!failed) : row.samplesAnswered;
    const values = this.#values;
    const at = this.#length * FIELDS;
    values[at] = row.serverId;
    values[at + 1] = row.monitorId;
    values[at + 2] = row.atUs / US_PER_MS;
    values[at + 3] = failed ? Number.NaN : row.offsetNs;
    values[at + 4] = failed ? Number.NaN : row.rttNs;
    values[at + 5] = sent;
    values[at + 6] = isRateLimited ? 1 : Math.min(sent, answered);
    values[at + 7] =
      (isRateLimited ? RATE_LIMITED : 0) | (UNFIT_REASONS.has(row.reason) ? UNFIT : 0);
    values[at + 8] = row.leap;
    values[at + 9] = row.id;
    this.#length += 1;
  }

  /** Empty after it. */
  take(): PackedChecks {
    const packed = { values: this.#values, length: this.#length };
    this.#values = new Float64Array(ROWS_FIRST * FIELDS);
    this.#length = 0;
    return packed;
  }
}

/** Of each pair, in the same order. */
export interface PairChecks {
  /** In the order in which they were packed. */
  readonly checks: readonly (readonly CheckSeen[])[];
  /** Id of the last one. Undefined: there is none. */
  readonly lastIds: readonly (number | undefined)[];
}

/** Those of other pairs are left out. */
export function checksByPair(
  packed: readonly PackedChecks[],
  { serverIds, monitorIds }: PairIds,
): PairChecks {
  const checks: CheckSeen[][] = serverIds.map(() => []);
  const lastIds = new Array<number | undefined>(checks.length).fill(undefined);
  const places = new Map(
    checks.map((_, pair) => [pairKey(serverIds[pair] as number, monitorIds[pair] as number), pair]),
  );
  for (const { values, length } of packed) {
    for (let at = 0; at < length * FIELDS; at += FIELDS) {
      const pair = places.get(pairKey(values[at] as number, values[at + 1] as number));
      if (pair === undefined) continue;
      checks[pair]?.push(checkAt(values, at));
      lastIds[pair] = values[at + 9] as number;
    }
  }
  return { checks, lastIds };
}

/** Of each pair, in the same order. */
export interface PairIds {
  readonly serverIds: readonly number[];
  readonly monitorIds: readonly number[];
}

function checkAt(values: Float64Array, at: number): CheckSeen {
  const flags = values[at + 7] as number;
  return {
    atMs: values[at + 2] as number,
    offsetNs: values[at + 3] as number,
    delayNs: values[at + 4] as number,
    sent: values[at + 5] as number,
    received: values[at + 6] as number,
    isRateLimited: (flags & RATE_LIMITED) !== 0,
    isUnfit: (flags & UNFIT) !== 0,
    leap: values[at + 8] as number,
  };
}

function pairKey(serverId: number, monitorId: number): string {
  return `${serverId} ${monitorId}`;
}

/** The server was there, and said that it is not to be used, or said nothing that can be judged. */
const UNFIT_REASONS: ReadonlySet<string> = new Set([
  "kiss_deny",
  "kiss_rstr",
  "kiss_other",
  "bad_stratum",
  "stratum_zero",
  "not_synchronised",
  "bad_root_distance",
  "origin_mismatch",
  "truncated",
  "bad_extension",
  "bad_mode",
  "bad_version",
  "zero_transmit",
  "receive_after_transmit",
  "negative_delay",
]);
