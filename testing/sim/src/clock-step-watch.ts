// Notices that somebody set the wall clock: the distance between it and the monotonic clock jumps. A clock that is only
// slewed or drifts moves it too, but slowly, so that small changes between two looks are taken as that.

import type { Clock } from "@truechimer/base";

export interface ClockStepWatch {
  /** By how much the wall clock was stepped since the last look; 0 when it ran on. */
  takeNs(): bigint;
}

/** The greatest rate at which systems slew a clock: 500 µs a second; twice that is certainly a step. */
const SLEW_NS_PER_SECOND_MAX = 1_000_000n;
/** Below this a step cannot be told from the time between the two readings. */
const STEP_NS_MIN = 100_000n;
const NS_PER_SECOND = 1_000_000_000n;

export function createClockStepWatch(clock: Clock): ClockStepWatch {
  let last = lookAt(clock);
  return {
    takeNs: () => {
      const now = lookAt(clock);
      const movedNs = now.distanceNs - last.distanceNs;
      const slewedNsMax =
        ((now.monotonicNs - last.monotonicNs) * SLEW_NS_PER_SECOND_MAX) / NS_PER_SECOND;
      last = now;
      const magnitudeNs = movedNs < 0n ? -movedNs : movedNs;
      return magnitudeNs > STEP_NS_MIN + slewedNsMax ? movedNs : 0n;
    },
  };
}

interface Look {
  readonly monotonicNs: bigint;
  readonly distanceNs: bigint;
}

function lookAt(clock: Clock): Look {
  const monotonicNs = clock.monotonicNs();
  return { monotonicNs, distanceNs: clock.nowNs() - monotonicNs };
}
