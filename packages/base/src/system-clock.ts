// The host's own clock.

import type { Clock } from "./clock.ts";

/** Wall clock to the millisecond (packets get their stamps from the kernel); monotonic clock to the nanosecond. */
export const systemClock: Clock = {
  nowNs: () => BigInt(Date.now()) * 1_000_000n,
  monotonicNs: () => BigInt(Math.round(performance.now() * 1_000_000)),
  setTimer: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};
