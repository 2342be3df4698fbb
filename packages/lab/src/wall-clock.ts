// The host's wall clock with less than a microsecond's grain, for the simulated servers' time stamps. `Date.now()`
// knows only milliseconds.

import type { UnixNs } from "@truechimer/base";

/** Nanoseconds since 1970, read from the host's clock, so it is stepped when that is. */
export function wallClockNs(): UnixNs {
  return Temporal.Now.instant().epochNanoseconds;
}
