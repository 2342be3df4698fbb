// A comparison of the wire as lines, as they are or as differences from one of them.

import type { analyticsV1 } from "@truechimer/api";

export interface ComparedLine {
  readonly id: bigint;
  readonly name: string;
  readonly overall: analyticsV1.CheckFigures | undefined;
  readonly atMs: readonly number[];
  /** Nanoseconds; NaN: none. Likewise below. */
  readonly offsetNs: readonly number[];
  readonly leastNs: readonly number[];
  readonly greatestNs: readonly number[];
  readonly boundNs: readonly number[];
  readonly rttNs: readonly number[];
  /** 0 to 1; NaN: nothing was sent. */
  readonly loss: readonly number[];
}

export function comparedLine(series: analyticsV1.ComparedSeries): ComparedLine {
  return {
    id: series.id,
    name: series.name,
    overall: series.overall,
    atMs: series.atMs,
    offsetNs: series.offsetNs,
    leastNs: series.leastOffsetNs,
    greatestNs: series.greatestOffsetNs,
    boundNs: series.boundNs,
    rttNs: series.rttNs,
    loss: series.loss,
  };
}

/** The median offsets less those of `base` in the same buckets; where it has none there is no difference. */
export function differenceFrom(base: ComparedLine, line: ComparedLine): ComparedLine {
  const at = new Map(base.atMs.map((ms, index) => [ms, index]));
  const less = (values: readonly number[]): number[] =>
    values.map((value, index) => value - (base.offsetNs[indexOf(index)] ?? Number.NaN));
  const indexOf = (index: number): number => at.get(line.atMs[index] ?? Number.NaN) ?? -1;
  return {
    ...line,
    offsetNs: less(line.offsetNs),
    leastNs: less(line.leastNs),
    greatestNs: less(line.greatestNs),
    // Both may err.
    boundNs: line.boundNs.map(
      (bound, index) => bound + (base.boundNs[indexOf(index)] ?? Number.NaN),
    ),
  };
}

/** Its bucket at an instant: the last one that began before. -1: there is none. */
export function bucketAt(line: ComparedLine, atMs: number, bucketMs: number): number {
  const index = line.atMs.findLastIndex((ms) => ms <= atMs);
  const beganMs = line.atMs[index];
  return beganMs === undefined || atMs - beganMs >= bucketMs ? -1 : index;
}

/** Median over the buckets. NaN: none has a value. */
export function middleOf(values: readonly number[]): number {
  const known = values
    .filter((value) => !Number.isNaN(value))
    .toSorted((one, other) => one - other);
  return known[Math.ceil(known.length / 2) - 1] ?? Number.NaN;
}
