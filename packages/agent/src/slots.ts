// A counting semaphore: bounds how much is in flight. First come, first served.

import { whenAborted } from "@truechimer/base";

/** Calling it again changes nothing. */
export type GiveBack = () => void;

export interface Slots {
  /** A slot if one is free; whoever has it calls what is returned, once. */
  takeNow(): GiveBack | undefined;
  /** Resolves with what gives the slot back; rejects with the signal's reason when it is aborted while waiting. */
  take(signal: AbortSignal): Promise<GiveBack>;
  /** Runs `work` within a slot. */
  hold<Value>(signal: AbortSignal, work: () => Promise<Value>): Promise<Value>;
  /** Slots taken. */
  readonly taken: number;
}

export function createSlots(max: number): Slots {
  let taken = 0;
  const waiting: (() => void)[] = [];

  const release = (): void => {
    const next = waiting.shift();
    // The slot goes to the next in line without ever becoming free.
    if (next === undefined) taken -= 1;
    else next();
  };
  const giveBackOnce = (): GiveBack => {
    let held = true;
    return () => {
      if (held) release();
      held = false;
    };
  };

  const take = (signal: AbortSignal): Promise<GiveBack> => {
    if (signal.aborted) return Promise.reject(signal.reason as Error);
    if (taken < max) {
      taken += 1;
      return Promise.resolve(giveBackOnce());
    }
    return new Promise((resolve, reject) => {
      const onTurn = (): void => {
        stopListening();
        resolve(giveBackOnce());
      };
      const stopListening = whenAborted(signal, () => {
        waiting.splice(waiting.indexOf(onTurn), 1);
        reject(signal.reason as Error);
      });
      waiting.push(onTurn);
    });
  };

  return {
    get taken() {
      return taken;
    },
    takeNow: () => {
      if (taken >= max) return undefined;
      taken += 1;
      return release;
    },
    take,
    hold: async (signal, work) => {
      const giveBack = await take(signal);
      try {
        return await work();
      } finally {
        giveBack();
      }
    },
  };
}
