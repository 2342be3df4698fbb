// One monitor's view of one server over time, as columns that drawing reads fast.

import type { adminV1 } from "@truechimer/api";

export interface Line {
  /** "0" is the overall score, which has no offsets. */
  readonly key: string;
  readonly name: string;
  /** Milliseconds since 1970, rising. */
  readonly atMs: readonly number[];
  /** Nanoseconds; NaN where a check failed. */
  readonly offsetNs: readonly number[];
  readonly boundNs: readonly number[];
  readonly rttNs: readonly number[];
  readonly score: readonly number[];
  readonly step: readonly number[];
  readonly checkIds: readonly bigint[];
  /** Coded reason; empty where the check succeeded. */
  readonly reasons: readonly string[];
}

/** The key of the overall score's line. */
export const OVERALL_KEY = "0";

/** Reads a series of the wire. */
export function toLine(series: adminV1.HistorySeries): Line {
  return {
    key: series.monitorId.toString(),
    name: series.monitorId === 0n ? "overall score" : series.monitorName,
    atMs: series.atMs,
    offsetNs: series.offsetNs,
    boundNs: series.boundNs,
    rttNs: series.rttNs,
    score: series.score,
    step: series.step,
    checkIds: series.checkId,
    reasons: series.reason,
  };
}

/** The first position whose time is not before `atMs`; the length when there is none. */
export function firstAtOrAfter(times: readonly number[], atMs: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((times[middle] ?? Number.POSITIVE_INFINITY) < atMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The position nearest in time; undefined for an empty line. */
export function nearestIndex(times: readonly number[], atMs: number): number | undefined {
  if (times.length === 0) return undefined;
  const after = Math.min(firstAtOrAfter(times, atMs), times.length - 1);
  const before = Math.max(after - 1, 0);
  const distance = (index: number): number => Math.abs((times[index] ?? 0) - atMs);
  return distance(before) <= distance(after) ? before : after;
}
