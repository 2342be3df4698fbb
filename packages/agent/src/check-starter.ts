// Begins checks: each after its own delay, at most two of one server in line, and no more in flight than the agent
// allows. A server that is waited for, because it is silent or wants to be left alone, takes no place from the others.

import { type Clock, whenAborted } from "@truechimer/base";
import type { WorkItem } from "./work-batch.ts";

export interface CheckStarter {
  /**
   * Calls `check` when its time has come, and `onEnd` with what it resolved to; with nothing when it was not run or
   * failed. False: two checks of that server are in line already, and nothing will be called.
   */
  start(item: WorkItem, options: StartOptions): boolean;
  /** In line or in flight. */
  readonly underWay: number;
  /** Resolves as soon as fewer than `count` are; rejects with the signal's reason. */
  fewerThan(count: number, signal: AbortSignal): Promise<void>;
}

export interface StartOptions {
  readonly delayMs: number;
  /** Must not reject. */
  readonly check: () => Promise<void>;
  /** Ends the delay, and what is in line. */
  readonly signal: AbortSignal;
  /** Called in the end in any case, after `check` if it was run. */
  readonly onEnd: () => void;
}

/** The one in flight, and one that waits for it: further ones could only pile up. */
const IN_LINE_MAX = 2;

export function createCheckStarter(clock: Clock): CheckStarter {
  const inLine = new Map<string, number>();
  const waiting = new Set<() => void>();
  let underWay = 0;

  const ended = (key: string): void => {
    underWay -= 1;
    const left = (inLine.get(key) ?? 1) - 1;
    if (left === 0) inLine.delete(key);
    else inLine.set(key, left);
    for (const look of waiting) look();
  };
  const run = (key: string, { delayMs, check, signal, onEnd }: StartOptions): void => {
    const end = (): void => {
      ended(key);
      onEnd();
    };
    // No function that waits: thousands of them would.
    const begin = (): void => void check().then(end, end);
    if (delayMs <= 0) {
      begin();
      return;
    }
    if (signal.aborted) {
      queueMicrotask(end);
      return;
    }
    const cancel = clock.setTimer(delayMs, () => {
      stopListening();
      begin();
    });
    const stopListening = whenAborted(signal, () => {
      cancel();
      end();
    });
  };
  return {
    get underWay() {
      return underWay;
    },
    start: ({ address, port }, options) => {
      const key = `${address.text} ${port}`;
      const before = inLine.get(key) ?? 0;
      if (before >= IN_LINE_MAX) return false;
      inLine.set(key, before + 1);
      underWay += 1;
      run(key, options);
      return true;
    },
    fewerThan: (count, signal) => {
      if (signal.aborted) return Promise.reject(signal.reason as Error);
      if (underWay < count) return Promise.resolve();
      return new Promise((resolve, reject) => {
        const end = (): void => {
          waiting.delete(look);
          signal.removeEventListener("abort", onAbort);
        };
        const look = (): void => {
          if (underWay >= count) return;
          end();
          resolve();
        };
        const onAbort = (): void => {
          end();
          reject(signal.reason as Error);
        };
        waiting.add(look);
        signal.addEventListener("abort", onAbort, { once: true });
      });
    },
  };
}
