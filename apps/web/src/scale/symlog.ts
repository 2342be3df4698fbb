// The symmetrical logarithmic scale of every picture of offsets: linear inside ±LINEAR_NS, a decade for each factor
// of ten beyond. Its slope is continuous nowhere it matters to the eye: order and sign are kept, and 0 is the middle.

/** Inside of this the scale is linear. */
export const LINEAR_NS = 100_000;

/**
 * Nanoseconds to decades: 0 → 0, ±100 µs → ±1, ±1 ms → ±2, ±1 s → ±5. Strictly rising and odd. A time chart may make
 * the linear part wider, so that all but the extremes is linear.
 */
export function symlog(ns: number, linearNs: number = LINEAR_NS): number {
  const size = Math.abs(ns) / linearNs;
  const decades = size <= 1 ? size : 1 + Math.log10(size);
  return ns < 0 ? -decades : decades;
}

/** The inverse of `symlog`. */
export function symlogInverse(decades: number, linearNs: number = LINEAR_NS): number {
  const size = Math.abs(decades);
  const ns = linearNs * (size <= 1 ? size : 10 ** (size - 1));
  return decades < 0 ? -ns : ns;
}

/** The marks of the offset axis, as sizes. */
export const AXIS_MARKS_NS: readonly number[] = [1e6, 25e6, 100e6, 1e9, 10e9];

/** A scale from nanoseconds to pixels that ends at ±`limitNs`; what lies beyond is drawn at the edge. */
export interface OffsetScale {
  readonly limitNs: number;
  readonly left: number;
  readonly right: number;
  x(ns: number): number;
  ns(x: number): number;
  beyond(ns: number): boolean;
}

/** Builds the scale for an axis between two pixel positions. */
export function createOffsetScale(left: number, right: number, limitNs = 30e9): OffsetScale {
  const middle = (left + right) / 2;
  const perDecade = (right - left) / 2 / symlog(limitNs);
  const clamp = (ns: number): number => Math.min(limitNs, Math.max(-limitNs, ns));
  return {
    limitNs,
    left,
    right,
    x: (ns) => middle + symlog(clamp(ns)) * perDecade,
    ns: (x) => symlogInverse((x - middle) / perDecade),
    beyond: (ns) => Math.abs(ns) > limitNs,
  };
}
