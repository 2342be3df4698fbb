// Listening to an abort signal, for thousands at once. An EventTarget walks through all of its listeners for each one that
// comes or goes, so that what waits for one signal costs the square of its number; here all of them share one listener.

/** Whoever waits without a function of its own for it: a closure and what it holds are a third of a waiting check. */
export interface AbortListener {
  /** Called once. Must not throw. */
  onAborted(): void;
}

interface Waiting {
  readonly listeners: Set<AbortListener>;
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
  // One of its own, as the same callback may wait twice.
  const listener: AbortListener = { onAborted: callback };
  listenForAbort(signal, listener);
  return () => stopListeningForAbort(signal, listener);
}

/** As `whenAborted`; a listener waits once for a signal, however often it asks. */
export function listenForAbort(signal: AbortSignal, listener: AbortListener): void {
  if (signal.aborted) return;
  const { listeners } = waitingFor.get(signal) ?? listenTo(signal);
  listeners.add(listener);
}

/** Does nothing when it does not listen. */
export function stopListeningForAbort(signal: AbortSignal, listener: AbortListener): void {
  const waiting = waitingFor.get(signal);
  if (waiting?.listeners.delete(listener) !== true || waiting.listeners.size > 0) return;
  waitingFor.delete(signal);
  waiting.stopListening();
}

function listenTo(signal: AbortSignal): Waiting {
  const listeners = new Set<AbortListener>();
  const onAbort = (): void => {
    // Those that an earlier one takes back meanwhile are not called any more.
    for (const listener of listeners) {
      listeners.delete(listener);
      listener.onAborted();
    }
    waitingFor.delete(signal);
  };
  signal.addEventListener("abort", onAbort, { once: true });
  const stopListening = (): void => signal.removeEventListener("abort", onAbort);
  const waiting = { listeners, stopListening };
  waitingFor.set(signal, waiting);
  return waiting;
}
