import { type Clock, STOP_LIMITS } from "@truechimer/base";
import { describe, expect, test } from "vitest";
import { createStop, runUntilStopped } from "./run-until-stopped.ts";

interface ManualClock extends Clock {
  /** Ends every timer that is set for at most this long. */
  ring(upToMs?: number): void;
}

function manualClock(): ManualClock {
  const timers = new Map<() => void, number>();
  return {
    nowNs: () => 0n,
    monotonicNs: () => 0n,
    setTimer: (delayMs, callback) => {
      timers.set(callback, delayMs);
      return () => void timers.delete(callback);
    },
    ring: (upToMs = Number.POSITIVE_INFINITY) => {
      for (const [callback, delayMs] of timers) if (delayMs <= upToMs) callback();
    },
  };
}

/** Lets everything that can go on go on. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

const NOTHING = (): void => {};

describe("a role runs until it is told to stop", () => {
  test("what was opened is closed in the reverse order", async () => {
    const asked = new AbortController();
    const closed: string[] = [];
    const running = runUntilStopped(
      createStop(asked.signal),
      manualClock(),
      async (stack) => {
        stack.defer(() => void closed.push("database"));
        stack.defer(() => void closed.push("server"));
      },
      () => closed.push("stopping"),
    );
    await settle();
    expect(closed).toEqual([]);
    asked.abort();
    expect(await running).toEqual({ closedInTime: true });
    expect(closed).toEqual(["stopping", "server", "database"]);
  });

  test("a failure while opening closes what was opened by then", async () => {
    const closed: string[] = [];
    const running = runUntilStopped(
      createStop(new AbortController().signal),
      manualClock(),
      async (stack) => {
        stack.defer(() => void closed.push("database"));
        throw new Error("no port");
      },
      NOTHING,
    );
    await expect(running).rejects.toThrow("no port");
    expect(closed).toEqual(["database"]);
  });

  test("the failure of a part that it needs ends it, and is told", async () => {
    const stop = createStop(new AbortController().signal);
    const running = runUntilStopped(stop, manualClock(), async () => {}, NOTHING);
    await settle();
    stop.fail(new Error("the database ended"));
    stop.fail(new Error("and so did the server"));
    await expect(running).rejects.toThrow("the database ended");
  });

  test("a stop while it opens waits for what is nearly there, and closes it", async () => {
    const asked = new AbortController();
    const closed: string[] = [];
    const { promise: nearlyThere, resolve } = Promise.withResolvers<void>();
    const running = runUntilStopped(
      createStop(asked.signal),
      manualClock(),
      async (stack) => {
        await nearlyThere;
        stack.defer(() => void closed.push("database"));
      },
      NOTHING,
    );
    asked.abort();
    await settle();
    resolve();
    await running;
    expect(closed).toEqual(["database"]);
  });

  test("what never comes to its end while opening is abandoned, also when it fails afterwards", async () => {
    const asked = new AbortController();
    const clock = manualClock();
    const { promise: never, reject } = Promise.withResolvers<void>();
    const running = runUntilStopped(createStop(asked.signal), clock, () => never, NOTHING);
    asked.abort();
    await settle();
    clock.ring();
    expect(await running).toEqual({ closedInTime: true });
    reject(new Error("the lock was never free"));
    await settle();
  });

  test("an agent that delivers until the last moment closes in time", async () => {
    const asked = new AbortController();
    const clock = manualClock();
    const { promise: delivered, resolve } = Promise.withResolvers<void>();
    const running = runUntilStopped(
      createStop(asked.signal),
      clock,
      async (stack) => {
        stack.defer(() => delivered);
      },
      NOTHING,
    );
    asked.abort();
    await settle();
    clock.ring(STOP_LIMITS.deliveryEndsMs);
    resolve();
    expect(await running).toEqual({ closedInTime: true });
  });

  test("what does not close in time is left to the end of the process", async () => {
    const asked = new AbortController();
    const clock = manualClock();
    const running = runUntilStopped(
      createStop(asked.signal),
      clock,
      async (stack) => {
        stack.defer(() => new Promise<void>(() => {}));
      },
      NOTHING,
    );
    asked.abort();
    await settle();
    clock.ring();
    expect(await running).toEqual({ closedInTime: false });
  });
});
