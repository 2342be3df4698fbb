// The wall clock as finely as JavaScript can read it.

/** How far a reading may be from the clock's value: it is cut to the microsecond, then passes through a double. */
export const WALL_CLOCK_ROUNDING_NS = 1_000n;

/** Half of what is cut off. */
const CUT_NS = 500n;

/**
 * Nanoseconds since 1970; the host's clock to a microsecond. `Date.now()` has milliseconds, and
 * `performance.timeOrigin + performance.now()` does not follow when the clock is set.
 */
export function wallClockNs(): bigint {
  return Temporal.Now.instant().epochNanoseconds + CUT_NS;
}
