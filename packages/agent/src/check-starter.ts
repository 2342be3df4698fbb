// Begins checks: each after its own delay, at most two of one server in line, and no more in flight than the agent
// allows. A server that is waited for, because it is silent or wants to be left alone, takes no place from the others.

import { type Clock, whenAborted } from "@truechimer/base";
import type { WorkItem } from "./work-batch.ts";

export interface CheckStarter {
  /** Begins the check when its time has come. False: two checks of that server are in line already, and it never will. */
  start(check: LinedCheck, delayMs: number): boolean;
  /** The check has come to its end. */
  over(check: LinedCheck): void;
  /** In line or in flight. */
  readonly underWay: number;
  /** Resolves as soon as fewer than `count` are; rejects with the signal's reason. */
  fewerThan(count: number, signal: AbortSignal): Promise<void>;
}

/** A check in line. An object, as thousands are, and not a set of functions. */
export interface LinedCheck {
  readonly item: Pick<WorkItem, "address" | "port">;
  /** Ends the delay, and what is in line. */
  readonly signal: AbortSignal;
  /** Its time has come. It says once when it is `over`, whatever happens; must not throw. */
  begin(): void;
  /** Called in the end in any case, after `begin` if that was called. */
  end(): void;
}

/** The one in flight, and one that waits for it: further ones could only pile up. */
const IN_LINE_MAX = 2;

export function createCheckStarter(clock: Clock): CheckStarter {
  const inLine = new Map<string, number>();
  const waiting = new Set<() => void>();
  let underWay = 0;

  const over = (check: LinedCheck): void => {
    underWay -= 1;
    const key = keyOf(check);
    const left = (inLine.get(key) ?? 1) - 1;
    if (left === 0) inLine.delete(key);
    else inLine.set(key, left);
    for (const look of waiting) look();
    check.end();
  };
  const beginAfter = (check: LinedCheck, delayMs: number): void => {
    const { signal } = check;
    if (signal.aborted) {
      queueMicrotask(() => over(check));
      return;
    }
    const cancel = clock.setTimer(delayMs, () => {
      stopListening();
      check.begin();
    });
    const stopListening = whenAborted(signal, () => {
      cancel();
      over(check);
    });
  };
  return {
    get underWay() {
      return underWay;
    },
    over,
    start: (check, delayMs) => {
      const key = keyOf(check);
      const before = inLine.get(key) ?? 0;
      if (before >= IN_LINE_MAX) return false;
      inLine.set(key, before + 1);
      underWay += 1;
      if (delayMs <= 0) check.begin();
      else beginAfter(check, delayMs);
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

function keyOf({ item: { address, port } }: LinedCheck): string {
  return `${address.text} ${port}`;
}
