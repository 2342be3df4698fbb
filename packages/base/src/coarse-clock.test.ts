import { beforeEach, describe, expect, it } from "vitest";
import type { Clock } from "./clock.ts";
import { createCoarseClock } from "./coarse-clock.ts";

const TICK_MS = 20;

describe("a coarse clock", () => {
  let nowMs: number;
  let timers: Set<{ readonly atMs: number; readonly callback: () => void }>;
  let clock: Clock;
  let log: string[];

  const advanceTo = (ms: number): void => {
    nowMs = ms;
    for (const timer of [...timers].toSorted((one, other) => one.atMs - other.atMs)) {
      if (timer.atMs <= nowMs && timers.delete(timer)) timer.callback();
    }
  };
  const wait = (delayMs: number, name: string): (() => void) =>
    clock.setTimer(delayMs, () => void log.push(name));

  beforeEach(() => {
    nowMs = 3;
    timers = new Set();
    log = [];
    const fine: Clock = {
      nowNs: () => 42n,
      monotonicNs: () => BigInt(nowMs) * 1_000_000n,
      setTimer: (delayMs, callback) => {
        const timer = { atMs: nowMs + delayMs, callback };
        timers.add(timer);
        return () => void timers.delete(timer);
      },
    };
    clock = createCoarseClock(fine, TICK_MS);
  });

  it("ends timers of one tick together, none before its time", () => {
    wait(500, "one");
    wait(510, "other");
    wait(518, "next tick");
    expect(timers.size).toBe(2);
    advanceTo(519);
    expect(log).toEqual([]);
    advanceTo(520);
    expect(log).toEqual(["one", "other"]);
    advanceTo(540);
    expect(log).toEqual(["one", "other", "next tick"]);
  });

  it("keeps short delays as they are", () => {
    wait(7, "short");
    advanceTo(10);
    expect(log).toEqual(["short"]);
  });

  it("does not run what was cancelled, and leaves no timer behind for it", () => {
    const cancelOne = wait(500, "one");
    const cancelOther = wait(500, "other");
    cancelOne();
    cancelOne();
    advanceTo(520);
    expect(log).toEqual(["other"]);
    cancelOther();
    const cancelLast = wait(500, "last");
    cancelLast();
    expect(timers.size).toBe(0);
    wait(500, "after all");
    advanceTo(2_000);
    expect(log).toEqual(["other", "after all"]);
  });

  it("runs a callback that waits twice twice", () => {
    const callback = (): void => void log.push("again");
    clock.setTimer(500, callback);
    clock.setTimer(500, callback);
    advanceTo(520);
    expect(log).toEqual(["again", "again"]);
  });

  it("takes in what a callback of the same tick starts", () => {
    clock.setTimer(500, () => wait(100, "later"));
    advanceTo(520);
    advanceTo(640);
    expect(log).toEqual(["later"]);
  });

  it("tells the time of the clock behind it", () => {
    expect([clock.nowNs(), clock.monotonicNs()]).toEqual([42n, 3_000_000n]);
  });
});
