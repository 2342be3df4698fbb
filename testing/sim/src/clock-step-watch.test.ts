import { describe, expect, it } from "vitest";
import { createClockStepWatch } from "./clock-step-watch.ts";
import { createHostClock, createVirtualClock } from "./virtual-clock.ts";

describe("the clock step watch", () => {
  it.each([3_600_000_000_000n, -3_600_000_000_000n, 1_000_000n, -1_000_000n])(
    "sees a step by %i ns, once",
    async (stepNs) => {
      const clock = createVirtualClock();
      const watch = createClockStepWatch(clock);
      await clock.advance(10);
      clock.step(stepNs);
      expect(watch.takeNs()).toBe(stepNs);
      expect(watch.takeNs()).toBe(0n);
    },
  );

  it("does not take slewing for a step", async () => {
    const base = createVirtualClock();
    const watch = createClockStepWatch(createHostClock({ base, driftNsPerSecond: 500_000n }));
    for (let second = 0; second < 20; second += 1) {
      await base.advance(1_000);
      expect(watch.takeNs()).toBe(0n);
    }
  });
});
