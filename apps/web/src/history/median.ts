// The fleet's median over time: at each instant the lower median of every monitor's latest measurement, as long as
// that is fresh. Where nobody has fresh data there is none.

import { firstAtOrAfter, type Line } from "./series.ts";

export interface MedianLine {
  readonly atMs: readonly number[];
  /** NaN where no monitor had fresh data. */
  readonly offsetNs: readonly number[];
  /** The median of the bounds beside it. */
  readonly boundNs: readonly number[];
}

interface MedianQuestion {
  readonly fromMs: number;
  readonly toMs: number;
  readonly slots: number;
  /** A measurement older than this no longer speaks. */
  readonly freshMs: number;
}

export function fleetMedian(lines: readonly Line[], question: MedianQuestion): MedianLine {
  const { fromMs, toMs, slots, freshMs } = question;
  const atMs: number[] = [];
  const offsetNs: number[] = [];
  const boundNs: number[] = [];
  const cursors = lines.map((line) => firstAtOrAfter(line.atMs, fromMs - freshMs));
  const latest = lines.map(() => -1);
  for (let slot = 0; slot <= slots; slot += 1) {
    const at = fromMs + ((toMs - fromMs) * slot) / slots;
    advance(lines, cursors, latest, at);
    const fresh = freshValues(lines, latest, at - freshMs);
    atMs.push(at);
    offsetNs.push(lowerMedian(fresh.map(([offset]) => offset)));
    boundNs.push(
      lowerMedian(fresh.map(([, bound]) => bound).filter((bound) => !Number.isNaN(bound))),
    );
  }
  return { atMs, offsetNs, boundNs };
}

/** Moves every line's cursor past `at` and remembers the last position with a measurement. */
function advance(lines: readonly Line[], cursors: number[], latest: number[], at: number): void {
  for (const [index, line] of lines.entries()) {
    let cursor = cursors[index] ?? 0;
    while ((line.atMs[cursor] ?? Number.POSITIVE_INFINITY) <= at) {
      if (!Number.isNaN(line.offsetNs[cursor] ?? Number.NaN)) latest[index] = cursor;
      cursor += 1;
    }
    cursors[index] = cursor;
  }
}

function freshValues(
  lines: readonly Line[],
  latest: readonly number[],
  sinceMs: number,
): readonly (readonly [offset: number, bound: number])[] {
  return lines.flatMap((line, index) => {
    const at = latest[index] ?? -1;
    if (at < 0 || (line.atMs[at] ?? 0) < sinceMs) return [];
    return [[line.offsetNs[at] ?? Number.NaN, line.boundNs[at] ?? Number.NaN] as const];
  });
}

/** The lower of the two in the middle; NaN of nothing. */
export function lowerMedian(values: readonly number[]): number {
  if (values.length === 0) return Number.NaN;
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[(sorted.length - 1) >> 1] ?? Number.NaN;
}
