// A counting semaphore: bounds how much is in flight. First come, first served.

export interface Slots {
  /** Resolves with what gives the slot back; rejects with the signal's reason when it is aborted while waiting. */
  take(signal: AbortSignal): Promise<Disposable>;
  /** Slots taken. */
  readonly taken: number;
}

export function createSlots(max: number): Slots {
  let taken = 0;
  const waiting: (() => void)[] = [];

  const slot = (): Disposable => {
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (!held) return;
        held = false;
        const next = waiting.shift();
        // The slot goes to the next in line without ever becoming free.
        if (next === undefined) taken -= 1;
        else next();
      },
    };
  };

  return {
    get taken() {
      return taken;
    },
    take: (signal) => {
      if (signal.aborted) return Promise.reject(signal.reason as Error);
      if (taken < max) {
        taken += 1;
        return Promise.resolve(slot());
      }
      return new Promise((resolve, reject) => {
        const onTurn = (): void => {
          signal.removeEventListener("abort", onAbort);
          resolve(slot());
        };
        const onAbort = (): void => {
          waiting.splice(waiting.indexOf(onTurn), 1);
          reject(signal.reason as Error);
        };
        waiting.push(onTurn);
        signal.addEventListener("abort", onAbort, { once: true });
      });
    },
  };
}
