import { type Clock, systemClock } from "@truechimer/base";
import { describe, expect, test } from "vitest";
import { createHealthRegistry, type HealthRegistry } from "./health.ts";

interface ManualClock extends Clock {
  /** Fires the timers that are due after this many more milliseconds. */
  advance(ms: number): void;
}

function manualClock(): ManualClock {
  let nowMs = 0;
  const timers: { atMs: number; callback: () => void }[] = [];
  return {
    nowNs: () => BigInt(nowMs) * 1_000_000n,
    monotonicNs: () => BigInt(nowMs) * 1_000_000n,
    setTimer: (delayMs, callback) => {
      const timer = { atMs: nowMs + delayMs, callback };
      timers.push(timer);
      return () => timers.splice(timers.indexOf(timer), 1);
    },
    advance: (ms) => {
      nowMs += ms;
      for (const timer of timers.filter(({ atMs }) => atMs <= nowMs)) timer.callback();
    },
  };
}

function started(): HealthRegistry {
  const health = createHealthRegistry({ clock: systemClock });
  health.markStarted();
  return health;
}

describe("readiness", () => {
  test("before the start and while stopping there is none", async () => {
    const health = createHealthRegistry({ clock: systemClock });
    expect(health.startup().ok).toBe(false);
    expect(await health.ready()).toEqual({ ok: false, checks: { process: "starting" } });
    health.markStarted();
    expect(health.startup().ok).toBe(true);
    expect((await health.ready()).ok).toBe(true);
    health.markStopping();
    expect(await health.ready()).toEqual({ ok: false, checks: { process: "stopping" } });
    expect(health.live().ok).toBe(true);
  });

  test("one failing check is enough, and says why", async () => {
    const health = started();
    health.addCheck("database", () => Promise.reject(new Error("it is away")));
    health.addCheck("disk", () => Promise.resolve());
    expect(await health.ready()).toEqual({
      ok: false,
      checks: { database: "it is away", disk: "ok" },
    });
  });

  test("a check that hangs counts as failed, and is told to stop", async () => {
    const clock = manualClock();
    const health = createHealthRegistry({ clock, checkTimeoutMs: 100 });
    health.markStarted();
    let aborted = false;
    health.addCheck("slow", (signal) => {
      signal.addEventListener("abort", () => {
        aborted = true;
      });
      return new Promise(() => {});
    });
    const answer = health.ready();
    clock.advance(100);
    expect((await answer).checks["slow"]).toBe("no answer within 100 ms");
    expect(aborted).toBe(true);
  });

  test("asking often costs one check", async () => {
    const clock = manualClock();
    const health = createHealthRegistry({ clock, cacheMs: 500 });
    health.markStarted();
    let checks = 0;
    health.addCheck("database", () => {
      checks += 1;
      return Promise.resolve();
    });
    await Promise.all([health.ready(), health.ready(), health.ready()]);
    expect(checks).toBe(1);
    clock.advance(500);
    await health.ready();
    expect(checks).toBe(2);
  });
});
