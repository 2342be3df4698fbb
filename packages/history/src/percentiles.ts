// Percentiles by nearest rank: each is a value that was measured. Found by partition, without sorting all of them.

/** A share of the values, from 0 (the least) to 1 (the greatest). */
export type Share = number;

/** Reorders `values`. NaN for each share when there are none; none of the values may be NaN. */
export function percentiles(values: Float64Array, shares: readonly Share[]): readonly number[] {
  if (values.length === 0) return shares.map(() => Number.NaN);
  const last = values.length - 1;
  return shares.map((share) => {
    const rank = Math.min(last, Math.max(0, Math.ceil(share * values.length) - 1));
    return nth(values, rank);
  });
}

/** The value that would stand at `rank` if they were sorted. Hoare's selection. */
function nth(values: Float64Array, rank: number): number {
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const pivot = middleOf(values, low, high);
    let left = low;
    let right = high;
    while (left <= right) {
      while ((values[left] as number) < pivot) left += 1;
      while ((values[right] as number) > pivot) right -= 1;
      if (left > right) break;
      const swapped = values[left] as number;
      values[left] = values[right] as number;
      values[right] = swapped;
      left += 1;
      right -= 1;
    }
    if (rank <= right) high = right;
    else if (rank >= left) low = left;
    else break;
  }
  return values[rank] as number;
}

/** Of three, so that values that are sorted already take no longer. */
function middleOf(values: Float64Array, low: number, high: number): number {
  const a = values[low] as number;
  const b = values[(low + high) >>> 1] as number;
  const c = values[high] as number;
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}
