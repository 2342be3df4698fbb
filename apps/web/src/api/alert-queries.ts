// What the page of the alerts asks.

import { queryOptions, type UseQueryOptions } from "@tanstack/react-query";
import type { alertsV1 } from "@truechimer/api";
import { alertClient } from "./client.ts";

/** As often as rules are looked at. */
const POLL_MS = 5_000;

/** All that is about alerts; what changes one changes the others. */
export const ALERT_KEY = "alerts";

type Query<T> = UseQueryOptions<T, Error, T, readonly string[]>;

export function incidentsQuery(includeRecovered: boolean): Query<alertsV1.ListIncidentsResponse> {
  return queryOptions({
    queryKey: [ALERT_KEY, "incidents", String(includeRecovered)] as readonly string[],
    queryFn: ({ signal }) => alertClient.listIncidents({ includeRecovered }, { signal }),
    refetchInterval: POLL_MS,
  });
}

export function alertRulesQuery(): Query<alertsV1.ListAlertRulesResponse> {
  return queryOptions({
    queryKey: [ALERT_KEY, "rules"] as readonly string[],
    queryFn: ({ signal }) => alertClient.listAlertRules({}, { signal }),
    refetchInterval: POLL_MS,
  });
}

export function alertChannelsQuery(): Query<alertsV1.ListAlertChannelsResponse> {
  return queryOptions({
    queryKey: [ALERT_KEY, "channels"] as readonly string[],
    queryFn: ({ signal }) => alertClient.listAlertChannels({}, { signal }),
    refetchInterval: POLL_MS,
  });
}

export function alertSilencesQuery(): Query<alertsV1.ListAlertSilencesResponse> {
  return queryOptions({
    queryKey: [ALERT_KEY, "silences"] as readonly string[],
    queryFn: ({ signal }) => alertClient.listAlertSilences({}, { signal }),
    refetchInterval: POLL_MS,
  });
}
