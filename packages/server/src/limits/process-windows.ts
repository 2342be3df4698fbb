// Windows of this process alone, in a table of fixed size: nothing to clean up, nothing to fill, one hash a request. Two
// keys may share a place; which ones, nobody outside can know.

import type { Clock } from "@truechimer/base";
import type { RateLimit } from "./rate-limits.ts";
import type { Verdict } from "./verdict.ts";

export interface ProcessWindows {
  /** `place` is what is kept of the key, from 0 to 2^keyBits - 1. */
  take(place: number): Verdict;
}

export function createProcessWindows(limit: RateLimit, clock: Clock): ProcessWindows {
  const places = 2 ** (limit.keyBits ?? 0);
  const endsAtMs = new Float64Array(places);
  const used = new Uint32Array(places);
  return {
    take: (place) => {
      const nowMs = Number(clock.monotonicNs() / 1_000n) / 1_000;
      const end = endsAtMs[place] ?? 0;
      if (end <= nowMs) {
        endsAtMs[place] = nowMs + limit.windowMs;
        used[place] = 0;
      }
      const count = used[place] ?? 0;
      const passed = count < limit.max;
      if (passed) used[place] = count + 1;
      return {
        limit,
        passed,
        remaining: passed ? limit.max - count - 1 : 0,
        resetMs: (endsAtMs[place] ?? 0) - nowMs,
        storeDown: false,
      };
    },
  };
}
