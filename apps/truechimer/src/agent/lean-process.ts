// What an agent at work does to be a small guest on its host: it wakes for many things at once, and gives back what it
// needed to start.

import { type Clock, createCoarseClock } from "@truechimer/base";
import { releaseProgramPages } from "@truechimer/udp";

/**
 * How late a check may begin, or a result go on its way. Five thousand servers a minute are sixty samples a tick: the
 * first of them finds the processor's caches cold, and costs as much as several of those after it.
 */
export const TICK_MS = 250;
/** Pages of Node's file are given back after this time, and after twice as long again and again, */
const RELEASE_FIRST_MS = 500;
/** up to this one. */
const RELEASE_EVERY_MS_MAX = 300_000;

/** For all that waits while the agent works. */
export function workClock(clock: Clock): Clock {
  return createCoarseClock(clock, TICK_MS);
}

/** Until it is disposed. What cannot be given back stays; nothing depends on it. */
export function keepProcessLean(clock: Clock): Disposable {
  let cancel = (): void => {};
  const releaseAfter = (delayMs: number): void => {
    cancel = clock.setTimer(delayMs, () => {
      void releaseProgramPages().catch(() => 0);
      releaseAfter(Math.min(delayMs * 2, RELEASE_EVERY_MS_MAX));
    });
  };
  releaseAfter(RELEASE_FIRST_MS);
  return { [Symbol.dispose]: () => cancel() };
}
