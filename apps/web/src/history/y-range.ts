// How high the charts reach: all that is in view, with a little air, and never a false zoom into noise.

import { LINEAR_NS, symlog, symlogInverse } from "../scale/symlog.ts";
import type { ChartModel } from "./chart-model.ts";
import { firstAtOrAfter } from "./series.ts";
import type { View } from "./view.ts";

export interface Range {
  readonly low: number;
  readonly high: number;
}

/** What the offset chart spans, and how much of it about 0 is linear. */
export interface OffsetRange extends Range {
  readonly linearNs: number;
}

/** Nearer than this nobody needs to look. */
const SPAN_MIN_NS = 400;
const AIR = 0.08;
/** The bulk, which is drawn linear; what lies far beyond it is drawn closer, but never cut off. */
const BULK = 0.97;
const BULK_AIR = 1.25;
/** Extremes within so many times the bulk leave it all linear. */
const FAR = 4;
const EMPTY: Range = { low: -1e6, high: 1e6 };
const SCORE_TOP = 21;
const SCORE_SPAN_MIN = 12;

/** Which offsets the chart spans. `full`: the scale of the offset axis, at least to the verdict's limit. */
export function offsetRange(
  model: ChartModel | undefined,
  view: View,
  limitNs: number,
  full: boolean,
): OffsetRange {
  return offsetRangeOf(offsetsIn(model, view), limitNs, full);
}

/** The same, of values in rising order. */
export function offsetRangeOf(values: Float64Array, limitNs: number, full: boolean): OffsetRange {
  if (values.length === 0 && !full) return { ...EMPTY, linearNs: 2 * EMPTY.high };
  const low = values[0] ?? EMPTY.low;
  const high = values.at(-1) ?? EMPTY.high;
  if (full) {
    const reach = 1.3 * Math.max(limitNs, Math.abs(low), Math.abs(high));
    return { low: -reach, high: reach, linearNs: LINEAR_NS };
  }
  const sizes = values.map(Math.abs).toSorted();
  const bulk = Math.max(SPAN_MIN_NS, BULK_AIR * (sizes[Math.floor(sizes.length * BULK)] ?? 0));
  const reach = Math.max(Math.abs(low), Math.abs(high));
  const linearNs = reach <= FAR * bulk ? 2 * Math.max(reach, SPAN_MIN_NS) : bulk;
  const span = Math.max(high - low, SPAN_MIN_NS);
  const from = symlog((high + low - span) / 2, linearNs);
  const to = symlog((high + low + span) / 2, linearNs);
  const air = AIR * (to - from);
  return {
    low: symlogInverse(from - air, linearNs),
    high: symlogInverse(to + air, linearNs),
    linearNs,
  };
}

/** Every offset within a view, rising. */
function offsetsIn(model: ChartModel | undefined, view: View): Float64Array {
  const values: number[] = [];
  for (const line of model?.lines ?? []) {
    const to = firstAtOrAfter(line.atMs, view.toMs);
    for (let index = firstAtOrAfter(line.atMs, view.fromMs); index < to; index += 1) {
      const ns = line.offsetNs[index] ?? Number.NaN;
      if (!Number.isNaN(ns)) values.push(ns);
    }
  }
  return Float64Array.from(values).toSorted();
}

/** Which scores the chart spans: always up to 20, down to the least in view. */
export function scoreRange(model: ChartModel | undefined, view: View): Range {
  let low = SCORE_TOP - SCORE_SPAN_MIN;
  const lines = [...(model?.lines ?? []), ...(model?.overall === undefined ? [] : [model.overall])];
  for (const line of lines) {
    const to = firstAtOrAfter(line.atMs, view.toMs);
    for (let index = firstAtOrAfter(line.atMs, view.fromMs); index < to; index += 1) {
      const score = line.score[index] ?? Number.NaN;
      if (score < low) low = score;
    }
  }
  return { low: low - (SCORE_TOP - low) * AIR, high: SCORE_TOP };
}
