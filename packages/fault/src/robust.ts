// Middle and spread that a minority of wild values does not move.

/** Median of values that need not be sorted; of an even number the mean of the two middle ones. NaN: there are none. */
export function median(values: readonly number[]): number {
  return medianInPlace(new Float64Array(values), values.length);
}

/** The same of the first `length` values; sorts them. */
export function medianInPlace(values: Float64Array, length: number): number {
  sortFirst(values, length);
  const middle = length >> 1;
  const upper = length === 0 ? Number.NaN : (values[middle] as number);
  return length % 2 === 1 ? upper : ((values[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** Up to here insertion is quicker than a call of the engine's sort. */
const INSERTED_MAX = 64;

/** NaN is not among them. */
function sortFirst(values: Float64Array, length: number): void {
  if (length > INSERTED_MAX) {
    values.subarray(0, length).sort();
    return;
  }
  for (let place = 1; place < length; place += 1) {
    const value = values[place] as number;
    let hole = place;
    while (hole > 0 && (values[hole - 1] as number) > value) {
      values[hole] = values[hole - 1] as number;
      hole -= 1;
    }
    values[hole] = value;
  }
}

/** Of a normal distribution, standard deviations in a median absolute deviation. */
const SIGMAS_PER_MAD = 1.4826;

/** Robust standard deviation of the first `length` values about `middle`. NaN: there are none. Writes over them. */
export function spreadInPlace(values: Float64Array, length: number, middle: number): number {
  for (let place = 0; place < length; place += 1) {
    values[place] = Math.abs((values[place] as number) - middle);
  }
  return SIGMAS_PER_MAD * medianInPlace(values, length);
}

/** The first `length` values and how much each counts; what is in them is moved about. */
export interface Weighted {
  readonly values: Float64Array;
  readonly weights: Float64Array;
  readonly length: number;
}

/** The least value with half of the weight at or below it, found by partition. NaN: there are none. */
export function weightedMedian({ values, weights, length }: Weighted): number {
  if (length === 0) return Number.NaN;
  let total = 0;
  for (let place = 0; place < length; place += 1) total += weights[place] as number;
  let low = 0;
  let high = length - 1;
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
  return values[Math.min(low, length - 1)] as number;
}

function swap(values: Float64Array, one: number, other: number): void {
  const kept = values[one] as number;
  values[one] = values[other] as number;
  values[other] = kept;
}
