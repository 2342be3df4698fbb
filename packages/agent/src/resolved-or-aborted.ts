// Waits for a promise no longer than a signal allows.

import { whenAborted } from "@truechimer/base";

/** Resolves with the promise, which must not reject; rejects with the signal's reason if that comes first. */
export function resolvedOrAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.reject(signal.reason as Error);
  return new Promise((resolve, reject) => {
    const stopListening = whenAborted(signal, () => reject(signal.reason as Error));
    void promise.then(() => {
      stopListening();
      resolve();
    });
  });
}
