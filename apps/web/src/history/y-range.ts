// How high the charts reach: all that is in view, with a little air, and never a false zoom into noise.

import { symlog, symlogInverse } from "../scale/symlog.ts";
import type { ChartModel } from "./chart-model.ts";
import { firstAtOrAfter } from "./series.ts";
import type { View } from "./view.ts";

export interface Range {
  readonly low: number;
  readonly high: number;
}

/** On the symlog scale: ±200 ns about a value is as near as anybody needs to look. */
const DECADES_MIN = 0.004;
const AIR = 0.08;
const SCORE_TOP = 21;
const SCORE_SPAN_MIN = 12;

/** Which offsets the chart spans. `full`: symmetric about 0 and at least to the verdict's limit. */
export function offsetRange(
  model: ChartModel | undefined,
  view: View,
  limitNs: number,
  full: boolean,
): Range {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const line of model?.lines ?? []) {
    const to = firstAtOrAfter(line.atMs, view.toMs);
    for (let index = firstAtOrAfter(line.atMs, view.fromMs); index < to; index += 1) {
      const ns = line.offsetNs[index] ?? Number.NaN;
      if (ns < low) low = ns;
      if (ns > high) high = ns;
    }
  }
  if (low > high) [low, high] = [-1e6, 1e6];
  if (full) {
    const reach = 1.3 * Math.max(limitNs, Math.abs(low), Math.abs(high));
    return { low: -reach, high: reach };
  }
  const span = Math.max(symlog(high) - symlog(low), DECADES_MIN);
  const middle = (symlog(high) + symlog(low)) / 2;
  const half = span * (0.5 + AIR);
  return { low: symlogInverse(middle - half), high: symlogInverse(middle + half) };
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
