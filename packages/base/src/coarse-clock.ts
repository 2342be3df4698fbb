// Timers that may be late by a little, so that many of them end together. A process that waits for thousands of things
// wakes once a tick instead of once for each of them, and what they lead to (orders, system calls) goes in batches.

import type { Clock } from "./clock.ts";

/** Shorter delays are kept as they are: whoever asks for one means it. */
const COARSE_FROM_MS = 100;
const NS_PER_MS = 1e6;

interface Tick {
  readonly callbacks: Set<() => void>;
  readonly cancel: () => void;
}

/** `clock`, with timers of 100 ms and more rounded up to the next multiple of `tickMs` on its monotonic clock. */
export function createCoarseClock(clock: Clock, tickMs: number): Clock {
  const ticks = new Map<number, Tick>();

  const run = (number: number): void => {
    const tick = ticks.get(number);
    ticks.delete(number);
    for (const callback of tick?.callbacks ?? []) callback();
  };
  const tickAt = (number: number, nowMs: number): Tick => {
    const known = ticks.get(number);
    if (known !== undefined) return known;
    const cancel = clock.setTimer(number * tickMs - nowMs, () => run(number));
    const tick: Tick = { callbacks: new Set(), cancel };
    ticks.set(number, tick);
    return tick;
  };
  return {
    nowNs: () => clock.nowNs(),
    monotonicNs: () => clock.monotonicNs(),
    setTimer: (delayMs, callback) => {
      if (delayMs < COARSE_FROM_MS) return clock.setTimer(delayMs, callback);
      const nowMs = Number(clock.monotonicNs()) / NS_PER_MS;
      const number = Math.ceil((nowMs + delayMs) / tickMs);
      const tick = tickAt(number, nowMs);
      // One of its own, as the same callback may wait twice.
      const call = (): void => callback();
      tick.callbacks.add(call);
      return () => {
        if (!tick.callbacks.delete(call) || tick.callbacks.size > 0) return;
        tick.cancel();
        if (ticks.get(number) === tick) ticks.delete(number);
      };
    },
  };
}
