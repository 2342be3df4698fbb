import { AppError, type Clock, systemClock } from "@truechimer/base";
import { describe, expect, test } from "vitest";
import { createHealthRegistry } from "./health.ts";

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

  test("one failing check is enough; its code is told to everybody, its message once to us", async () => {
    const clock = manualClock();
    const told: string[] = [];
    const health = createHealthRegistry({
      clock,
      onFailure: (name, error) => told.push(`${name}: ${(error as Error).message}`),
    });
    health.markStarted();
    health.addCheck("database", () =>
      Promise.reject(new AppError("database_unreachable", "nobody answers at db.inside as admin")),
    );
    health.addCheck("queue", () => Promise.reject(new Error("it is away")));
    health.addCheck("disk", () => Promise.resolve());
    for (let round = 0; round < 3; round += 1) {
      expect(await health.ready()).toEqual({
        ok: false,
        checks: { database: "database_unreachable", queue: "failed", disk: "ok" },
      });
      clock.advance(1_000);
    }
    expect(told).toEqual(["database: nobody answers at db.inside as admin", "queue: it is away"]);
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
    expect((await answer).checks["slow"]).toBe("timeout");
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
