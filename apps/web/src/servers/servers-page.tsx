// All servers as a table: what is shown, in which order and with which columns, stands in the address.

import { useQuery } from "@tanstack/react-query";
import type { adminV1 } from "@truechimer/api";
import { serverReaders } from "@truechimer/filter";
import { type ReactNode, useMemo, useState } from "react";
import { serversQuery } from "../api/queries.ts";
import { passes, useReadFilter } from "../filter/use-filter.ts";
import { countOf } from "../format/number.ts";
import { serverNowMs } from "../parts/now.ts";
import { type ServerFacts, serverFacts } from "../parts/server-facts.ts";
import { EmptyState, PageSkeleton, ProblemNote } from "../parts/states.tsx";
import { useTitle } from "../shell/use-title.ts";
import type { Search } from "../url/search.ts";
import { type ChangeSearch, useSearchState } from "../url/use-search.ts";
import { AddServers } from "./add-servers.tsx";
import { shownColumns } from "./columns.tsx";
import { shownServers } from "./server-rows.ts";
import { ServersTable } from "./servers-table.tsx";
import { ServersTools } from "./servers-tools.tsx";

export function ServersPage(): ReactNode {
  useTitle("Servers");
  const [search, change] = useSearchState();
  const wantsRemoved = search["state"] === "removed" || search["state"] === "all";
  const servers = useQuery(serversQuery(wantsRemoved));
  if (servers.data !== undefined) {
    return <Servers messages={servers.data.servers} search={search} change={change} />;
  }
  if (servers.isError) {
    return (
      <ProblemNote
        error={servers.error}
        title="The servers could not be loaded"
        onRetry={() => void servers.refetch()}
      />
    );
  }
  return <PageSkeleton what="the servers" rows={12} />;
}

interface ServersProps {
  readonly messages: readonly adminV1.Server[];
  readonly search: Search;
  readonly change: ChangeSearch;
}

function Servers(props: ServersProps): ReactNode {
  const { messages, search, change } = props;
  const servers = useMemo(() => messages.map(serverFacts), [messages]);
  // Ages are counted from when the rows came.
  const filterNowMs = useMemo(() => serverNowMs(), [messages]);
  const filter = useReadFilter("servers", search["q"] ?? "", filterNowMs);
  const passing = useMemo(() => {
    const found = messages.filter(passes(filter, serverReaders));
    return new Set(found.map(({ id }) => id));
  }, [messages, filter]);
  const [adding, setAdding] = useState(false);
  const columns = useMemo(() => shownColumns(search["cols"]), [search]);
  const shown = shownServers(
    servers.filter(({ id }) => passing.has(id)),
    search,
  );
  const add = <AddServers open={adding} onClose={() => setAdding(false)} />;
  if (servers.length === 0 && search["state"] === undefined) {
    return (
      <EmptyState title="No servers yet" alone>
        <p>Add one by name or address, or a list of them: everything else follows by itself.</p>
        <button type="button" className="button is-main" onClick={() => setAdding(true)}>
          Add servers
        </button>
        {add}
      </EmptyState>
    );
  }
  return (
    <>
      <header className="page-head is-row">
        <h1>
          Servers <span className="soft number">{countText(shown.length, servers)}</span>
        </h1>
        <button type="button" className="button is-main" onClick={() => setAdding(true)}>
          Add servers
        </button>
      </header>
      <ServersTools
        search={search}
        change={change}
        shown={shown}
        columns={columns}
        names={servers.map(({ name }) => name)}
        problem={filter.problem}
      />
      {shown.length === 0 ? (
        <EmptyState title="No server is like that">
          <p>The search and the filters leave none of {countOf(servers.length, "server")}.</p>
          <button
            type="button"
            className="button"
            onClick={() =>
              change({ q: undefined, verdict: undefined, state: undefined, leap: undefined })
            }
          >
            Show all
          </button>
        </EmptyState>
      ) : (
        <ServersTable servers={shown} columns={columns} search={search} change={change} />
      )}
      {add}
    </>
  );
}

function countText(shown: number, servers: readonly ServerFacts[]): string {
  const all = servers.filter((server) => server.state !== "removed").length;
  return shown === all ? `${all}` : `${shown} of ${all}`;
}
