// Middle and spread that a minority of wild values does not move.

/** Median of values that need not be sorted; of an even number the mean of the two middle ones. NaN: there are none. */
export function median(values: readonly number[]): number {
  return medianInPlace(new Float64Array(values));
}

/** The same; sorts them. */
export function medianInPlace(values: Float64Array): number {
  values.sort();
  const middle = values.length >> 1;
  const upper = values[middle] ?? Number.NaN;
  return values.length % 2 === 1 ? upper : ((values[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** Of a normal distribution, standard deviations in a median absolute deviation. */
const SIGMAS_PER_MAD = 1.4826;

/** Robust standard deviation about `middle`. NaN: there are no values. Writes over them. */
export function spreadInPlace(values: Float64Array, middle: number): number {
  for (let place = 0; place < values.length; place += 1) {
    values[place] = Math.abs((values[place] as number) - middle);
  }
  return SIGMAS_PER_MAD * medianInPlace(values);
}

/** Values and how much each counts; what is in them is moved about. */
export interface Weighted {
  readonly values: Float64Array;
  readonly weights: Float64Array;
}

/** The least value with half of the weight at or below it, found by partition. NaN: there are none. */
export function weightedMedian({ values, weights }: Weighted): number {
  let total = 0;
  for (const weight of weights) total += weight;
  let low = 0;
  let high = values.length - 1;
  let wanted = total / 2;
  while (low < high) {
    const pivot = values[(low + high) >>> 1] as number;
    let left = low;
    let right = high;
    while (left <= right) {
      while ((values[left] as number) < pivot) left += 1;
      while ((values[right] as number) > pivot) right -= 1;
      if (left > right) break;
      swap(values, left, right);
      swap(weights, left, right);
      left += 1;
      right -= 1;
    }
    let below = 0;
    for (let place = low; place <= right; place += 1) below += weights[place] as number;
    if (wanted <= below) {
      high = right;
      continue;
    }
    // What lies between the two parts is equal to the pivot.
    let upTo = below;
    for (let place = right + 1; place < left; place += 1) upTo += weights[place] as number;
    if (wanted <= upTo) return pivot;
    wanted -= upTo;
    low = left;
  }
  return values[Math.min(low, values.length - 1)] ?? Number.NaN;
}

function swap(values: Float64Array, one: number, other: number): void {
  const kept = values[one] as number;
  values[one] = values[other] as number;
  values[other] = kept;
}
