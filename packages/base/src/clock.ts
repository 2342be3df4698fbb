// Time as an argument. Code below L3 never asks the operating system for the time or sets a timer on its own; it is
// given a `Clock`, so that a fleet can be run in one process on a virtual one.

import { whenAborted } from "./when-aborted.ts";

/** Nanoseconds since 1970-01-01 00:00 UTC, leap seconds not counted. */
export type UnixNs = bigint;

/** A source of time and of timers: the system's (`systemClock`), or a virtual one in simulations. */
export interface Clock {
  /** The wall clock. May be stepped, forwards or backwards, by whoever keeps the host's time. */
  nowNs(): UnixNs;
  /** A clock that only runs forwards; its zero is arbitrary. */
  monotonicNs(): bigint;
  /** Calls `callback` once, `delayMs` from now on the monotonic clock. Returns how to cancel. */
  setTimer(delayMs: number, callback: () => void): () => void;
}

/** Milliseconds since 1970 of a wall-clock instant, rounded down. For JavaScript's `Date` and the screen only. */
export function unixMsFromNs(atNs: UnixNs): number {
  return Number(atNs / 1_000_000n);
}

/** Resolves after `delayMs`, or rejects with the signal's reason as soon as it is aborted. Leaves no timer behind. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason as Error);
      return;
    }
    const cancel = clock.setTimer(delayMs, () => {
      stopListening?.();
      resolve();
    });
    const stopListening =
      signal === undefined
        ? undefined
        : whenAborted(signal, () => {
            cancel();
            reject(signal.reason as Error);
          });
  });
}
