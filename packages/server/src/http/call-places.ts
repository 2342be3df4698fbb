// The places of calls among those that are answered at once, one registry for every door that a service has.

import type { ServerContext } from "../context.ts";
import type { CallPlaces, CallsInFlight } from "./calls-in-flight.ts";

export interface ServicePlaces {
  readonly taken: CallPlaces;
  readonly count: (by: 1 | -1) => void;
}

/** Of one service; the metric goes along. */
export function placesOf(
  { metrics }: Pick<ServerContext, "metrics">,
  calls: CallsInFlight,
  service: string,
): ServicePlaces {
  const places = calls.placesOf(service);
  return {
    taken: places,
    count: (by) => {
      places.taken += by;
      metrics.rpcInFlight.set({ service }, places.taken);
    },
  };
}
