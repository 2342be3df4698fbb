// What is being answered. A caller that hangs up takes its connection along, but not the work that it began: whoever
// stops waits for that, too, before the database goes.

export interface CallsInFlight {
  /** Passes the promise on, and remembers it until it is settled. */
  track<Value>(call: Promise<Value>): Promise<Value>;
  /** Resolves when all calls that were known are settled; never rejects. */
  settled(): Promise<void>;
  /** The places that calls of one service take, whichever listener they came by. */
  placesOf(service: string): CallPlaces;
}

export interface CallPlaces {
  taken: number;
}

export function createCallsInFlight(): CallsInFlight {
  const calls = new Set<Promise<unknown>>();
  const places = new Map<string, CallPlaces>();
  return {
    placesOf: (service) => {
      const known = places.get(service) ?? { taken: 0 };
      places.set(service, known);
      return known;
    },
    track: (call) => {
      calls.add(call);
      const forget = (): void => {
        calls.delete(call);
      };
      call.then(forget, forget);
      return call;
    },
    settled: async () => {
      while (calls.size > 0) await Promise.allSettled(calls);
    },
  };
}
