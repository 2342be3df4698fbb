import { createVirtualClock } from "@truechimer/testing-sim";
import { describe, expect, test } from "vitest";
import {
  createSessionTakeover,
  TAKEOVER_PAUSE_MS_MAX,
  TAKEOVER_STABLE_MS,
} from "./session-takeover.ts";

const MINUTE_MS = 60_000;

describe("a session that was taken over", () => {
  test("is opened again after 2, 5, 10, 15 and then always 15 minutes", () => {
    const takeover = createSessionTakeover({ clock: createVirtualClock() });
    expect(takeover.reconnectDelayMs).toBe(10_000);
    const delays = Array.from({ length: 6 }, () => {
      takeover.takenOver();
      return takeover.reconnectDelayMs / MINUTE_MS;
    });
    expect(delays).toEqual([2, 5, 10, 15, 15, 15]);
  });

  test("pauses the work until it has been stable for half an hour", async () => {
    const clock = createVirtualClock();
    const takeover = createSessionTakeover({ clock });
    takeover.takenOver();
    takeover.disconnected();
    expect(takeover.inBackOff).toBe(true);
    await clock.advance(2 * MINUTE_MS);
    takeover.connected();
    await clock.advance(TAKEOVER_STABLE_MS - 1);
    expect(takeover.inBackOff).toBe(true);
    await clock.advance(1);
    expect(takeover).toMatchObject({ inBackOff: false, reconnectDelayMs: 10_000 });
    expect(clock.timersPending()).toBe(0);
  });

  test("is not stable while the connection is lost", async () => {
    const clock = createVirtualClock();
    const takeover = createSessionTakeover({ clock });
    takeover.takenOver();
    takeover.connected();
    await clock.advance(10 * MINUTE_MS);
    takeover.disconnected();
    await clock.advance(30 * MINUTE_MS);
    expect(takeover).toMatchObject({ inBackOff: true, reconnectDelayMs: 2 * MINUTE_MS });
  });

  test("does not keep the work paused for ever when it cannot be opened again", async () => {
    const clock = createVirtualClock();
    const takeover = createSessionTakeover({ clock });
    takeover.takenOver();
    takeover.disconnected();
    await clock.advance(TAKEOVER_PAUSE_MS_MAX);
    expect(takeover.inBackOff).toBe(false);
    // The other agent may still be there, so the delay stays.
    expect(takeover.reconnectDelayMs).toBe(2 * MINUTE_MS);
  });

  test("tells of each change once, and leaves no timer", () => {
    const clock = createVirtualClock();
    const takeover = createSessionTakeover({ clock });
    let changes = 0;
    const unsubscribe = takeover.subscribe(() => {
      changes += 1;
    });
    takeover.takenOver();
    takeover.takenOver();
    expect(changes).toBe(1);
    unsubscribe();
    takeover.connected();
    takeover[Symbol.dispose]();
    expect(clock.timersPending()).toBe(0);
  });

  test("an ordinary loss pauses nothing", () => {
    const clock = createVirtualClock();
    const takeover = createSessionTakeover({ clock });
    takeover.connected();
    takeover.disconnected();
    expect(takeover).toMatchObject({ inBackOff: false, reconnectDelayMs: 10_000 });
    expect(clock.timersPending()).toBe(0);
  });
});
