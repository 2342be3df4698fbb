// How values are distributed: bins of equal width over the bulk of them, and the extremes told beside. A single value a
// million times the others would put all of these into one bin.

import { percentiles, type Share } from "../percentiles.ts";

/** The bulk is what lies between the first and the last of these. */
export const DISTRIBUTION_SHARES: readonly Share[] = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99];

const VALUES_A_PIECE = 100_000;

export interface Distribution {
  readonly count: number;
  /** NaN, like the percentiles: there are no values. */
  readonly least: number;
  readonly greatest: number;
  /** At `DISTRIBUTION_SHARES`, by nearest rank. */
  readonly percentiles: readonly number[];
  /** Where the first bin begins, and how wide each is: both round. */
  readonly firstFrom: number;
  readonly binWidth: number;
  /** A bin begins with its lower edge and ends before its upper one. */
  readonly counts: readonly number[];
  /** Values outside of the bins. */
  readonly below: number;
  readonly above: number;
}

/**
 * Reorders `values`, of which none may be NaN. Bins are no narrower than `widthMin`. It yields behind each piece of the
 * work.
 */
export function* distributionOf(
  values: Float64Array,
  { binsMax, widthMin }: { readonly binsMax: number; readonly widthMin: number },
): Generator<void, Distribution, void> {
  const shares: number[] = [];
  for (const share of [0, ...DISTRIBUTION_SHARES, 1]) {
    shares.push(...percentiles(values, [share]));
    yield;
  }
  const [least = Number.NaN, ...inner] = shares;
  const greatest = inner.pop() as number;
  const low = inner[0] as number;
  const high = inner.at(-1) as number;
  const empty = { count: 0, firstFrom: 0, binWidth: widthMin, counts: [], below: 0, above: 0 };
  if (values.length === 0) return { ...empty, least, greatest, percentiles: inner };
  // The edges are round, so that the bulk may touch one bin more than fits into it.
  const binWidth = roundWidth(Math.max(widthMin, (high - low) / Math.max(1, binsMax - 1)));
  const first = Math.floor(low / binWidth);
  const counts = new Array<number>(Math.floor(high / binWidth) - first + 1).fill(0);
  let below = 0;
  let above = 0;
  for (const [at, value] of values.entries()) {
    if (at % VALUES_A_PIECE === VALUES_A_PIECE - 1) yield;
    const bin = Math.floor(value / binWidth) - first;
    if (bin < 0) below += 1;
    else if (bin >= counts.length) above += 1;
    else counts[bin] = (counts[bin] as number) + 1;
  }
  return {
    count: values.length,
    least,
    greatest,
    percentiles: inner,
    firstFrom: first * binWidth,
    binWidth,
    counts,
    below,
    above,
  };
}

/** The least of 1, 2 and 5 times a power of ten that is not less. */
function roundWidth(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * ([1, 2, 5, 10].find((factor) => factor * power >= least) ?? 10);
}
