import { type Clock, sleep, systemClock } from "@truechimer/base";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createHostClock, createVirtualClock } from "./virtual-clock.ts";

interface RunningClock {
  readonly clock: Clock;
  /** Lets at least so much time pass. */
  readonly pass: (durationMs: number) => Promise<void>;
}

const CLOCKS: readonly { readonly name: string; readonly create: () => RunningClock }[] = [
  {
    name: "systemClock",
    create: () => ({ clock: systemClock, pass: (ms) => sleep(systemClock, ms) }),
  },
  {
    name: "virtual clock",
    create: () => {
      const clock = createVirtualClock();
      return { clock, pass: (ms) => clock.advance(ms) };
    },
  },
  {
    name: "host clock",
    create: () => {
      const base = createVirtualClock();
      return {
        clock: createHostClock({ base, offsetNs: 5n, driftNsPerSecond: 9n }),
        pass: (ms) => base.advance(ms),
      };
    },
  },
];

describe.each(CLOCKS)("$name, as every Clock,", ({ create }) => {
  it("moves on, on both sides", async () => {
    const { clock, pass } = create();
    const before = { now: clock.nowNs(), monotonic: clock.monotonicNs() };
    await pass(5);
    expect(clock.nowNs() > before.now).toBe(true);
    expect(clock.monotonicNs() > before.monotonic).toBe(true);
  });

  it("runs a timer once, not before its time", async () => {
    const { clock, pass } = create();
    const setAt = clock.monotonicNs();
    const ranAfterNs: bigint[] = [];
    clock.setTimer(4, () => ranAfterNs.push(clock.monotonicNs() - setAt));
    expect(ranAfterNs).toEqual([]);
    await pass(30);
    expect(ranAfterNs).toHaveLength(1);
    // A timer of the system may be early by less than a millisecond.
    expect((ranAfterNs[0] ?? 0n) >= 3_000_000n).toBe(true);
  });

  it("does not run a cancelled timer, and does not mind a second cancelling", async () => {
    const { clock, pass } = create();
    let runs = 0;
    const cancel = clock.setTimer(1, () => {
      runs += 1;
    });
    cancel();
    cancel();
    await pass(5);
    expect(runs).toBe(0);
  });

  it("runs timers in the order in which they fall due", async () => {
    const { clock, pass } = create();
    const order: string[] = [];
    clock.setTimer(8, () => order.push("second"));
    clock.setTimer(2, () => order.push("first"));
    await pass(30);
    expect(order).toEqual(["first", "second"]);
  });
});

describe("the virtual clock", () => {
  it("stands still until it is moved", async () => {
    const clock = createVirtualClock({ startNs: 7n });
    await Promise.resolve();
    expect([clock.nowNs(), clock.monotonicNs()]).toEqual([7n, 0n]);
    await clock.advance(1.000001);
    expect([clock.nowNs(), clock.monotonicNs()]).toEqual([1_000_008n, 1_000_001n]);
  });

  it("runs timers of the same instant in the order in which they were set", async () => {
    const clock = createVirtualClock();
    const order: number[] = [];
    for (const number of [1, 2, 3]) clock.setTimer(5, () => order.push(number));
    await clock.advance(5);
    expect(order).toEqual([1, 2, 3]);
  });

  it("lets a program go on between two timers, at the time of the first", async () => {
    const clock = createVirtualClock();
    const wokenAt: bigint[] = [];
    const program = async (): Promise<void> => {
      for (let turn = 0; turn < 3; turn += 1) {
        await sleep(clock, 10);
        wokenAt.push(clock.monotonicNs());
      }
    };
    const running = program();
    await clock.advance(30);
    await running;
    expect(wokenAt).toEqual([10_000_000n, 20_000_000n, 30_000_000n]);
    expect(clock.timersPending()).toBe(0);
  });

  it("takes a negative delay for none", async () => {
    const clock = createVirtualClock();
    let ran = false;
    clock.setTimer(-5, () => {
      ran = true;
    });
    await clock.advance(0);
    expect(ran).toBe(true);
  });

  it("moves on to what a promise waits for, and fails when nothing can bring it", async () => {
    const clock = createVirtualClock();
    await clock.advanceUntil(sleep(clock, 86_400_000));
    expect(clock.monotonicNs()).toBe(86_400_000_000_000n);
    expect(await clock.advanceUntil(Promise.resolve(5))).toBe(5);
    await expect(clock.advanceUntil(Promise.reject(new Error("broken")))).rejects.toThrow("broken");
    await expect(clock.advanceUntil(new Promise(() => {}))).rejects.toThrow("no timer");
  });

  it("steps the wall clock alone", async () => {
    const clock = createVirtualClock({ startNs: 100n });
    clock.step(-40n);
    expect([clock.nowNs(), clock.monotonicNs()]).toEqual([60n, 0n]);
    expect(await clock.advanceToNextTimer()).toBe(false);
  });

  it("never runs backwards, whatever timers are set", async () => {
    const delays = fc.array(fc.double({ min: 0, max: 50, noNaN: true }), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(delays, async (delaysMs) => {
        const clock = createVirtualClock();
        const seen: bigint[] = [];
        for (const delayMs of delaysMs) {
          clock.setTimer(delayMs, () => {
            seen.push(clock.monotonicNs());
            clock.setTimer(delayMs / 2, () => seen.push(clock.monotonicNs()));
          });
        }
        await clock.advance(100);
        expect(seen).toHaveLength(delaysMs.length * 2);
        expect(seen).toEqual(seen.toSorted((a, b) => Number(a - b)));
      }),
      { numRuns: 30 },
    );
  });
});

describe("a host clock", () => {
  it("is off by its offset, its drift and its steps", async () => {
    const base = createVirtualClock({ startNs: 0n });
    const host = createHostClock({ base, offsetNs: 1_000n, driftNsPerSecond: -100_000n });
    await base.advance(2_000);
    expect(host.offsetNs()).toBe(-199_000n);
    host.step(5_000n);
    expect(host.nowNs()).toBe(2_000_000_000n - 194_000n);
    expect(host.monotonicNs()).toBe(base.monotonicNs());
  });
});
