// The wall clock as finely as JavaScript can read it.

/**
 * How far the difference between this clock and `process.hrtime` may be off without a step. A reading is cut to the
 * microsecond; the rest is for systems that correct the two clocks apart, in small leaps (sandboxes, macOS). A smaller
 * step would not matter beside what stamps of user space may be off.
 */
export const WALL_CLOCK_ROUNDING_NS = 100_000n;

/** How fast such systems let them drift apart: what `adjtime` may do. */
export const WALL_CLOCK_DRIFT_PARTS_PER_MILLION = 500n;

/** Half of what is cut off. */
const CUT_NS = 500n;

/**
 * Nanoseconds since 1970; the host's clock to a microsecond. `Date.now()` has milliseconds, and
 * `performance.timeOrigin + performance.now()` does not follow when the clock is set.
 */
export function wallClockNs(): bigint {
  return Temporal.Now.instant().epochNanoseconds + CUT_NS;
}
