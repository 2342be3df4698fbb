// The vantage points: who is watching, from where, and how far each can itself be believed.

import { useQuery } from "@tanstack/react-query";
import { adminV1 } from "@truechimer/api";
import type { ReactNode } from "react";
import { msOf } from "../api/message.ts";
import { monitorsQuery } from "../api/queries.ts";
import { formatCount, formatShare } from "../format/number.ts";
import { formatOffset } from "../format/offset.ts";
import { Command, EmptyState, PageSkeleton, ProblemNote } from "../parts/states.tsx";
import { Nothing, TimeAgo } from "../parts/values.tsx";
import { monitorWord, TERMS } from "../parts/words.ts";
import { useTitle } from "../shell/use-title.ts";
import { useSearchState } from "../url/use-search.ts";
import { MONITOR_COLUMNS, sortedMonitors } from "./monitor-rows.ts";

export function MonitorsPage(): ReactNode {
  useTitle("Monitors");
  const monitors = useQuery(monitorsQuery());
  if (monitors.data !== undefined) return <Monitors monitors={monitors.data.monitors} />;
  if (monitors.isError) {
    return (
      <ProblemNote
        error={monitors.error}
        title="The monitors could not be loaded"
        onRetry={() => void monitors.refetch()}
      />
    );
  }
  return <PageSkeleton what="the monitors" rows={12} />;
}

function Monitors(props: { readonly monitors: readonly adminV1.Monitor[] }): ReactNode {
  const [search, change] = useSearchState();
  if (props.monitors.length === 0) {
    return (
      <EmptyState title="Nobody is watching yet" alone>
        <p>A monitor is a vantage point: an agent on a machine, one monitor for each IP family.</p>
        <p className="soft">
          Start one on this machine: <Command text="truechimer up" />. On another:{" "}
          <Command text="truechimer agent --help" />
        </p>
      </EmptyState>
    );
  }
  const rows = sortedMonitors(props.monitors, search["sort"]);
  const online = rows.filter((monitor) => monitor.online).length;
  return (
    <>
      <header className="page-head is-row">
        <h1>
          Monitors{" "}
          <span className="soft number">
            {online} of {rows.length} online
          </span>
        </h1>
      </header>
      <div className="table-scroll">
        <table className="table monitors-table">
          <thead>
            <tr>
              {MONITOR_COLUMNS.map((column) => {
                const here = (search["sort"] ?? "name").replace("-", "") === column.key;
                const descending = search["sort"]?.startsWith("-") === true;
                return (
                  <th
                    key={column.key}
                    scope="col"
                    className={`is-${column.key}${column.number ? " is-number" : ""}`}
                    aria-sort={here ? (descending ? "descending" : "ascending") : "none"}
                  >
                    <button
                      type="button"
                      title={column.definition}
                      onClick={() =>
                        change({ sort: here && !descending ? `-${column.key}` : column.key })
                      }
                    >
                      {column.title}
                      <span className="sort-mark" aria-hidden="true">
                        {here ? (descending ? "↓" : "↑") : ""}
                      </span>
                    </button>
                  </th>
                );
              })}
            </tr>
          </thead>
          <tbody>
            {rows.map((monitor) => (
              <MonitorRow key={monitor.id.toString()} monitor={monitor} />
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function MonitorRow(props: { readonly monitor: adminV1.Monitor }): ReactNode {
  const { monitor } = props;
  const loss =
    monitor.checksLastHour === 0n
      ? undefined
      : Number(monitor.checksWithoutAnswerLastHour) / Number(monitor.checksLastHour);
  const fromFleet =
    monitor.offsetFromFleetNs === undefined ? undefined : formatOffset(monitor.offsetFromFleetNs);
  return (
    <tr className={monitor.online ? "" : "is-stale"}>
      <td className="is-state">
        <span className={monitor.online ? "online" : "online is-off"}>
          {monitor.online ? "online" : "offline"}
        </span>
      </td>
      <th scope="row" className="is-name">
        {monitor.name}
        <span className="name-endpoint">{monitor.address}</span>
      </th>
      <td className="is-location" title={monitor.location}>
        {monitor.location === "" ? <Nothing /> : monitor.location}
      </td>
      <td className="is-family">{monitor.family === adminV1.IpFamily.V6 ? "IPv6" : "IPv4"}</td>
      <td className="is-status">{monitorWord(monitor.status)}</td>
      <td className="is-fleet is-number" title={fromFleet?.exact}>
        {fromFleet === undefined ? <Nothing why="shares no server with others" /> : fromFleet.text}
      </td>
      <td className="is-servers is-number">
        {monitor.serversActive}
        {monitor.serversTesting > 0 ? (
          <span className="soft"> +{monitor.serversTesting} testing</span>
        ) : null}
      </td>
      <td className="is-checks is-number">{formatCount(monitor.checksLastHour)}</td>
      <td className="is-loss is-number" title={TERMS.loss}>
        {loss === undefined ? <Nothing why="no checks" /> : formatShare(loss)}
      </td>
      <td className="is-seen is-number">
        <TimeAgo atMs={msOf(monitor.lastSeenAt)} />
      </td>
      <td className="is-version" title={monitor.clientVersion}>
        {monitor.clientVersion === "" ? <Nothing /> : monitor.clientVersion}
      </td>
    </tr>
  );
}
