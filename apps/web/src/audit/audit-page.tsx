// The audit trail: who did what, when, and what that changed. What is looked for stands in the address.

import { useQuery } from "@tanstack/react-query";
import type { peopleV1 } from "@truechimer/api";
import type { ReactNode } from "react";
import { msOf } from "../api/message.ts";
import { type AuditQuestion, auditQuery } from "../api/queries.ts";
import { formatCount } from "../format/number.ts";
import { AfterWait, ProblemNote } from "../parts/states.tsx";
import { Instant } from "../parts/values.tsx";
import { useTitle } from "../shell/use-title.ts";
import type { Search } from "../url/search.ts";
import { useSearchState } from "../url/use-search.ts";
import { AuditTools } from "./audit-tools.tsx";
import { ChainState } from "./chain-state.tsx";
import { DifferenceList } from "./difference-list.tsx";

export function AuditPage(): ReactNode {
  useTitle("Audit trail");
  const [search, change] = useSearchState();
  const entries = useQuery(auditQuery(questionOf(search)));
  const next = entries.data?.nextPageToken ?? "";
  return (
    <>
      <header className="page-head">
        <h1>Audit trail</h1>
        <p className="page-sentence">What people and their programs did, newest first.</p>
      </header>
      <ChainState />
      <AuditTools search={search} onChange={change} />
      {entries.data !== undefined ? (
        <EntryTable entries={entries.data.entries} />
      ) : entries.isError ? (
        <ProblemNote
          error={entries.error}
          title="The trail could not be read"
          onRetry={() => void entries.refetch()}
        />
      ) : (
        <AfterWait>
          <div className="skeleton-row" />
        </AfterWait>
      )}
      <div className="button-row">
        {search["page"] === undefined ? null : (
          <button type="button" className="button" onClick={() => change({ page: undefined })}>
            Newest
          </button>
        )}
        {next === "" ? null : (
          <button type="button" className="button" onClick={() => change({ page: next })}>
            Older
          </button>
        )}
      </div>
    </>
  );
}

const DAY_MS = 86_400_000;

function questionOf(search: Search): AuditQuestion {
  const to = dayMs(search["to"]);
  return {
    who: search["who"] ?? "",
    what: search["what"] ?? "",
    fromMs: dayMs(search["from"]),
    // The day that is named is meant with all of its hours.
    toMs: to === undefined ? undefined : to + DAY_MS,
    pageToken: search["page"] ?? "",
  };
}

/** The first moment of a day in UTC. Undefined: it is none. */
function dayMs(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{4}-\d{2}-\d{2}$/.test(text)) return undefined;
  const atMs = Date.parse(`${text}T00:00:00Z`);
  return Number.isNaN(atMs) ? undefined : atMs;
}

function EntryTable(props: { readonly entries: readonly peopleV1.AuditEntry[] }): ReactNode {
  if (props.entries.length === 0) return <p className="soft">Nobody did anything like that.</p>;
  return (
    <div className="table-scroll">
      <table className="table is-prose audit-table">
        <thead>
          <tr>
            <th scope="col" className="is-number is-minor">
              No
            </th>
            <th scope="col">When</th>
            <th scope="col">Who</th>
            <th scope="col">What</th>
            <th scope="col">Changed</th>
          </tr>
        </thead>
        <tbody>
          {props.entries.map((entry) => (
            <EntryRow key={entry.sequence.toString()} entry={entry} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function EntryRow({ entry }: { readonly entry: peopleV1.AuditEntry }): ReactNode {
  const atMs = msOf(entry.at);
  return (
    <tr>
      <td className="is-number is-minor soft" title={`SHA-256 ${entry.hash}`}>
        {formatCount(entry.sequence)}
      </td>
      <td className="is-when">{atMs === undefined ? null : <Instant atMs={atMs} />}</td>
      <td title={KIND_WORDS[entry.actorKind]}>{entry.actorName}</td>
      <th scope="row">
        {entry.act.replaceAll("_", " ")}
        {entry.object === "" ? null : <span className="loop-purpose">{entry.object}</span>}
      </th>
      <td>
        <DifferenceList beforeJson={entry.beforeJson} afterJson={entry.afterJson} />
      </td>
    </tr>
  );
}

const KIND_WORDS: Readonly<Record<string, string>> = {
  user: "a user who signed in",
  owner: "a session that was opened with a one-time key",
  key: "a program with an API key",
  command_line: "the command line on the server's host",
};
