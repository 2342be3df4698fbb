// Alerts: what is going on and who was told; what is watched for; whom a message goes to.

import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import {
  alertChannelsQuery,
  alertRulesQuery,
  alertSilencesQuery,
  incidentsQuery,
} from "../api/alert-queries.ts";
import { msOf } from "../api/message.ts";
import { AfterWait, ProblemNote } from "../parts/states.tsx";
import { Instant } from "../parts/values.tsx";
import { useTitle } from "../shell/use-title.ts";
import { useSearchState } from "../url/use-search.ts";
import { Channels } from "./channels.tsx";
import { Incidents } from "./incidents.tsx";
import { Rules } from "./rules.tsx";
import { Silences } from "./silences.tsx";

export function AlertsPage(): ReactNode {
  useTitle("Alerts");
  const [search, change] = useSearchState();
  const showsAll = search["all"] === "yes";
  const incidents = useQuery(incidentsQuery(showsAll));
  const rules = useQuery(alertRulesQuery());
  const channels = useQuery(alertChannelsQuery());
  const silences = useQuery(alertSilencesQuery());
  const failed = [incidents, rules, channels, silences].find(
    ({ isError, data }) => isError && data === undefined,
  );
  if (failed !== undefined) {
    return (
      <ProblemNote
        error={failed.error}
        title="The alerts could not be read"
        onRetry={() => void failed.refetch()}
      />
    );
  }
  if (
    incidents.data === undefined ||
    rules.data === undefined ||
    channels.data === undefined ||
    silences.data === undefined
  ) {
    return (
      <AfterWait>
        <div className="skeleton-row" />
      </AfterWait>
    );
  }
  const heldMs = msOf(incidents.data.heldSince);
  return (
    <>
      <header className="page-head">
        <h1>Alerts</h1>
        <p className="page-sentence">
          {sentence(incidents.data.openTotal, rules.data.rules.length)}
        </p>
      </header>
      {heldMs === undefined ? null : (
        <p className="skew-note" role="status">
          No rule is looked at since <Instant atMs={heldMs} />: {incidents.data.heldReason}.
        </p>
      )}
      <Incidents
        incidents={incidents.data.incidents}
        hasMore={incidents.data.nextPageToken !== ""}
        showsAll={showsAll}
        onShowAll={(all) => change({ all: all ? "yes" : undefined })}
      />
      <Rules rules={rules.data.rules} channels={channels.data.channels} />
      <Silences silences={silences.data.silences} />
      <Channels channels={channels.data.channels} />
    </>
  );
}

function sentence(open: number, rules: number): string {
  if (rules === 0) return "Nobody is told when a clock lies: there is no rule yet.";
  if (open === 0) return "Nothing is going on.";
  return open === 1 ? "One incident is going on." : `${open} incidents are going on.`;
}
