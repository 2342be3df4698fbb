// The wall clock as finely as JavaScript can read it.

/**
 * Nanoseconds since 1970; the host's clock to about a quarter of a microsecond. `Date.now()` has milliseconds, and
 * `performance.timeOrigin + performance.now()` does not follow when the clock is set.
 */
export function wallClockNs(): bigint {
  return Temporal.Now.instant().epochNanoseconds;
}
