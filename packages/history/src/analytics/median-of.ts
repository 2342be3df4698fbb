// The median of a handful of values.

import { percentiles } from "../percentiles.ts";

/** By nearest rank, over the values that are known. NaN: none is. */
export function medianOf(values: readonly number[]): number {
  const known = Float64Array.from(values.filter((value) => !Number.isNaN(value)));
  return percentiles(known, [0.5])[0] as number;
}
