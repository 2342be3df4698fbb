// A value that is replaced as a whole, and those who wait for it. A waiter looks at the value that is there before it
// waits, so that no change between the two is lost; it is gone when it was satisfied or cancelled, so that none is left.

export interface ChangingValue<Value> {
  /** Never changes itself: a change is a new value. */
  readonly current: Value;
  /** The same value again is no change: nobody is told. */
  publish(next: Value): void;
  /** Called after each change, in no particular order. Returns how to stop it. */
  subscribe(listener: () => void): () => void;
  /** The first value, from the current one on, that is accepted. Rejects with the signal's reason. */
  until(accept: (value: Value) => boolean, signal: AbortSignal): Promise<Value>;
  /** Listeners and waiters at this moment: what is left at the end is a leak. */
  readonly listening: number;
}

export function createChangingValue<Value>(first: Value): ChangingValue<Value> {
  let current = first;
  const listeners = new Set<() => void>();
  const subscribe = (listener: () => void): (() => void) => {
    // Wrapped, so that the same function may listen twice.
    const entry = (): void => listener();
    listeners.add(entry);
    return () => {
      listeners.delete(entry);
    };
  };
  return {
    get current() {
      return current;
    },
    get listening() {
      return listeners.size;
    },
    publish: (next) => {
      if (next === current) return;
      current = next;
      // A copy: who is told may stop listening, or publish the next value.
      for (const listener of Array.from(listeners)) {
        if (listeners.has(listener)) listener();
      }
    },
    subscribe,
    until: (accept, signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) {
          reject(signal.reason as Error);
          return;
        }
        if (accept(current)) {
          resolve(current);
          return;
        }
        const stop = subscribe(() => {
          if (!accept(current)) return;
          stop();
          signal.removeEventListener("abort", onAbort);
          resolve(current);
        });
        const onAbort = (): void => {
          stop();
          reject(signal.reason as Error);
        };
        signal.addEventListener("abort", onAbort, { once: true });
      }),
  };
}
