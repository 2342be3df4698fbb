// Figures from many measurements.

/** The value below which `fraction` of the sorted values lie (nearest rank). NaN when there are none. */
function percentile(sorted: Float64Array, fraction: number): number {
  const rank = Math.ceil(fraction * sorted.length);
  return sorted[Math.min(sorted.length - 1, Math.max(0, rank - 1))] ?? Number.NaN;
}

/** The same of values in no order. */
export function quantile(values: readonly number[], fraction: number): number {
  return percentile(Float64Array.from(values).toSorted(), fraction);
}

/** The middle value; of an even number the lower middle one. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[(sorted.length - 1) >> 1] ?? Number.NaN;
}

export interface Spread {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = Float64Array.from(values).toSorted();
  return {
    p50: percentile(sorted, 0.5),
    p99: percentile(sorted, 0.99),
    p999: percentile(sorted, 0.999),
    max: percentile(sorted, 1),
  };
}

/** Figure by figure, the median over several runs. */
export function medianSpread(runs: readonly Spread[]): Spread {
  return {
    p50: median(runs.map(({ p50 }) => p50)),
    p99: median(runs.map(({ p99 }) => p99)),
    p999: median(runs.map(({ p999 }) => p999)),
    max: median(runs.map(({ max }) => max)),
  };
}
