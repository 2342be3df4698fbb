import { describe, expect, it } from "vitest";
import { type Clock, sleep, unixMsFromNs } from "./clock.ts";
import { systemClock } from "./system-clock.ts";

interface ManualClock extends Clock {
  runTimers(): void;
  timersPending(): number;
}

/** The least that `sleep` needs. */
function createManualClock(): ManualClock {
  const callbacks = new Set<() => void>();
  return {
    nowNs: () => 0n,
    monotonicNs: () => 0n,
    setTimer: (_delayMs, callback) => {
      callbacks.add(callback);
      return () => {
        callbacks.delete(callback);
      };
    },
    runTimers: () => {
      const due = [...callbacks];
      callbacks.clear();
      for (const callback of due) callback();
    },
    timersPending: () => callbacks.size,
  };
}

describe("sleep", () => {
  it("ends with the timer", async () => {
    const clock = createManualClock();
    const slept = sleep(clock, 1_000);
    expect(clock.timersPending()).toBe(1);
    clock.runTimers();
    await expect(slept).resolves.toBeUndefined();
  });

  it("is ended by the signal, with its reason, and leaves no timer behind", async () => {
    const clock = createManualClock();
    const controller = new AbortController();
    const slept = sleep(clock, 1_000, controller.signal);
    controller.abort(new Error("stopped"));
    await expect(slept).rejects.toThrow("stopped");
    expect(clock.timersPending()).toBe(0);
  });

  it("does not begin when the signal was aborted before", async () => {
    const clock = createManualClock();
    await expect(sleep(clock, 1_000, AbortSignal.abort(new Error("over")))).rejects.toThrow("over");
    expect(clock.timersPending()).toBe(0);
  });

  it("does not mind a signal that comes after its end", async () => {
    const clock = createManualClock();
    const controller = new AbortController();
    const slept = sleep(clock, 1_000, controller.signal);
    clock.runTimers();
    controller.abort(new Error("too late"));
    await expect(slept).resolves.toBeUndefined();
  });
});

describe("unixMsFromNs", () => {
  it("cuts off what is below a millisecond", () => {
    expect(unixMsFromNs(1_999_999n)).toBe(1);
    expect(unixMsFromNs(1_767_225_600_123_456_789n)).toBe(1_767_225_600_123);
  });
});

describe("systemClock", () => {
  it("agrees with the host's wall clock", () => {
    const before = BigInt(Date.now()) * 1_000_000n;
    const now = systemClock.nowNs();
    expect(now >= before && now <= BigInt(Date.now()) * 1_000_000n).toBe(true);
  });

  it("never runs backwards on its monotonic side", () => {
    const readings = Array.from({ length: 1_000 }, () => systemClock.monotonicNs());
    expect(
      readings.every((reading, index) => index === 0 || reading >= (readings[index - 1] ?? 0n)),
    ).toBe(true);
  });

  it("runs a timer once, and not when it was cancelled", async () => {
    let cancelledRuns = 0;
    const cancel = systemClock.setTimer(0, () => {
      cancelledRuns += 1;
    });
    cancel();
    await sleep(systemClock, 1);
    expect(cancelledRuns).toBe(0);
  });
});
