// Listening to an abort signal, for thousands at once. An EventTarget walks through all of its listeners for each one that
// comes or goes, so that what waits for one signal costs the square of its number; here all of them share one listener.

interface Waiting {
  readonly callbacks: Set<() => void>;
  /** Without it a signal made of others would live as long as those. */
  readonly stopListening: () => void;
}

/** What waits for each signal; forgotten with the signal. */
const waitingFor = new WeakMap<AbortSignal, Waiting>();

/**
 * Calls `callback` once when `signal` is aborted, unless the returned function was called before. A signal that is aborted
 * already calls nobody. `callback` must not throw.
 */
export function whenAborted(signal: AbortSignal, callback: () => void): () => void {
  const { callbacks, stopListening } = waitingFor.get(signal) ?? listenTo(signal);
  // One of its own, as the same callback may wait twice.
  const call = (): void => callback();
  callbacks.add(call);
  return () => {
    if (!callbacks.delete(call) || callbacks.size > 0) return;
    waitingFor.delete(signal);
    stopListening();
  };
}

function listenTo(signal: AbortSignal): Waiting {
  const callbacks = new Set<() => void>();
  const onAbort = (): void => {
    waitingFor.delete(signal);
    // Those that an earlier one takes back meanwhile are not called any more.
    for (const callback of callbacks) {
      callbacks.delete(callback);
      callback();
    }
  };
  signal.addEventListener("abort", onAbort, { once: true });
  const stopListening = (): void => signal.removeEventListener("abort", onAbort);
  const waiting = { callbacks, stopListening };
  waitingFor.set(signal, waiting);
  return waiting;
}
