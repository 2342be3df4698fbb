// The card over a mark of the overview: who, what, how sure, since when.

import type { ReactNode } from "react";
import { countOf } from "../format/number.ts";
import type { ServerFacts } from "../parts/server-facts.ts";
import { Instant, OffsetText, TimeAgo } from "../parts/values.tsx";
import { VerdictWord } from "../parts/verdict.tsx";

export function ServerCard(props: { readonly server: ServerFacts }): ReactNode {
  const { server } = props;
  return (
    <>
      <p className="card-head">
        <strong>{server.name}</strong>
        <VerdictWord verdict={server.verdict} />
      </p>
      <p className="card-figure">
        <OffsetText offset={server.offset} />
      </p>
      <p>{server.verdictText}</p>
      <p className="soft">
        {server.verdictSinceMs === undefined ? null : (
          <>
            since <Instant atMs={server.verdictSinceMs} /> ·{" "}
          </>
        )}
        {countOf(server.witnessesFresh, "witness", "witnesses")}
        {server.witnessesAgainst > 0 ? `, ${server.witnessesAgainst} against` : ""} · seen{" "}
        <TimeAgo atMs={server.lastSeenAtMs} />
        {server.stale ? " · stale" : ""}
      </p>
    </>
  );
}

/** Beside a name that has no offset: the reason in a few words. */
export function trayNote(server: ServerFacts): string {
  if (server.state === "paused") return "paused";
  if (server.verdictText !== "") return server.verdictText;
  return server.lastCheckAtMs === undefined ? "not checked yet" : "no valid answer";
}
