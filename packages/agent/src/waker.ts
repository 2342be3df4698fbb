// A pause that can be cut short: by its end, by a call, or by a signal.

import { type Clock, sleep } from "@truechimer/base";

export interface Waker {
  /** Ends the pause under way, or the next one if there is none. */
  wake(): void;
  /** Resolves after `delayMs` (absent: never by itself), when woken, or when the signal is aborted. Never rejects. */
  rest(clock: Clock, delayMs: number | undefined, signal: AbortSignal): Promise<void>;
}

export function createWaker(): Waker {
  let woken = false;
  let endRest: (() => void) | undefined;
  return {
    wake: () => {
      if (endRest === undefined) woken = true;
      else endRest();
    },
    rest: async (clock, delayMs, signal) => {
      if (woken || signal.aborted) {
        woken = false;
        return;
      }
      const resting = new AbortController();
      const end = (): void => resting.abort();
      endRest = end;
      signal.addEventListener("abort", end, { once: true });
      try {
        if (delayMs === undefined) await aborted(resting.signal);
        else await sleep(clock, delayMs, resting.signal).catch(() => {});
      } finally {
        endRest = undefined;
        signal.removeEventListener("abort", end);
      }
    },
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
