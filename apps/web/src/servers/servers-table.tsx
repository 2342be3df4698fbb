// The servers table. While the pointer or the focus is in it, rows keep their places; their values still change.

import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { countOf } from "../format/number.ts";
import { useHeldOrder } from "../parts/held.ts";
import type { ServerFacts } from "../parts/server-facts.ts";
import type { Search } from "../url/search.ts";
import type { ChangeSearch } from "../url/use-search.ts";
import type { Column } from "./columns.tsx";
import { act, SERVER_ACTIONS } from "./server-actions.ts";
import { parseSort, type Sort, sortText } from "./server-rows.ts";

interface ServersTableProps {
  readonly servers: readonly ServerFacts[];
  readonly columns: readonly Column[];
  readonly search: Search;
  readonly change: ChangeSearch;
}

/** Rows that are drawn at first; more follow on demand, so that thousands do not slow the first paint. */
const ROWS_FIRST = 200;

export function ServersTable(props: ServersTableProps): ReactNode {
  const { columns, search, change } = props;
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [heldBy, setHeldBy] = useState<string>();
  const [rowsMax, setRowsMax] = useState(ROWS_FIRST);
  const question = JSON.stringify([
    search["q"],
    search["sort"],
    search["verdict"],
    search["state"],
    search["leap"],
  ]);
  // Held only for as long as the question is the same: choosing another sort must sort.
  const rows = useHeldOrder(props.servers, keyOf, heldBy === question);
  const visible = rows.slice(0, rowsMax);
  const chosenServers = props.servers.filter((server) => chosen.has(server.key));
  const sort = parseSort(search["sort"]);
  const choose = (keys: readonly string[], on: boolean): void => {
    const next = new Set(chosen);
    for (const key of keys) {
      if (on) next.add(key);
      else next.delete(key);
    }
    setChosen(next);
  };
  return (
    <>
      <div className="table-scroll" tabIndex={-1}>
        <table className="table servers-table">
          <thead>
            <tr>
              <th scope="col" className="is-choice">
                <input
                  type="checkbox"
                  aria-label="Choose all shown servers"
                  checked={chosenServers.length === rows.length}
                  onChange={(event) => choose(rows.map(keyOf), event.target.checked)}
                />
              </th>
              {columns.map((column) => (
                <ColumnHead key={column.key} column={column} sort={sort} change={change} />
              ))}
            </tr>
          </thead>
          <tbody
            onPointerEnter={() => setHeldBy(question)}
            onPointerLeave={() => setHeldBy(undefined)}
            onFocus={() => setHeldBy(question)}
            onBlur={() => setHeldBy(undefined)}
          >
            {visible.map((server) => (
              <ServerRow
                key={server.key}
                server={server}
                columns={columns}
                chosen={chosen.has(server.key)}
                onChoose={(on) => choose([server.key], on)}
              />
            ))}
          </tbody>
        </table>
      </div>
      {rows.length > visible.length ? (
        <p>
          <button type="button" className="button" onClick={() => setRowsMax(rowsMax * 5)}>
            Show {Math.min(rows.length, rowsMax * 5) - visible.length} more of {rows.length}
          </button>
        </p>
      ) : null}
      <ChosenBar servers={chosenServers} onDone={() => setChosen(new Set())} />
    </>
  );
}

function keyOf(server: ServerFacts): string {
  return server.key;
}

function ColumnHead(props: {
  readonly column: Column;
  readonly sort: Sort;
  readonly change: ChangeSearch;
}): ReactNode {
  const { column, sort, change } = props;
  const className = `is-${column.key}${column.number ? " is-number" : ""}${column.fact ? " is-fact" : ""}`;
  if (column.sort === undefined) {
    return (
      <th scope="col" className={className} title={column.definition}>
        {column.title}
      </th>
    );
  }
  const here = sort.key === column.sort;
  const next: Sort = { key: column.sort, descending: here ? !sort.descending : false };
  return (
    <th
      scope="col"
      className={className}
      aria-sort={here ? (sort.descending ? "descending" : "ascending") : "none"}
    >
      <button
        type="button"
        title={column.definition}
        onClick={() => change({ sort: sortText(next) })}
      >
        {column.title}
        <span className="sort-mark" aria-hidden="true">
          {here ? (sort.descending ? "↓" : "↑") : ""}
        </span>
      </button>
    </th>
  );
}

interface ServerRowProps {
  readonly server: ServerFacts;
  readonly columns: readonly Column[];
  readonly chosen: boolean;
  readonly onChoose: (on: boolean) => void;
}

function ServerRow(props: ServerRowProps): ReactNode {
  const { server, columns } = props;
  const faded = server.stale || server.state !== "watched";
  return (
    <tr className={`${faded ? "is-stale" : ""} ${props.chosen ? "is-chosen" : ""}`}>
      <td className="is-choice">
        <input
          type="checkbox"
          aria-label={`Choose ${server.name}`}
          checked={props.chosen}
          onChange={(event) => props.onChoose(event.target.checked)}
        />
      </td>
      {columns.map((column) => {
        const className = `is-${column.key}${column.number ? " is-number" : ""}${column.fact ? " is-fact" : ""}`;
        return column.key === "name" ? (
          <th key={column.key} scope="row" className={className}>
            {column.cell(server)}
          </th>
        ) : (
          <td key={column.key} className={className}>
            {column.cell(server)}
          </td>
        );
      })}
    </tr>
  );
}

/** What can be done with the chosen ones; floats, so that nothing moves. */
function ChosenBar(props: {
  readonly servers: readonly ServerFacts[];
  readonly onDone: () => void;
}): ReactNode {
  const queries = useQueryClient();
  const [busy, setBusy] = useState(false);
  if (props.servers.length === 0) return null;
  return (
    <div className="chosen-bar" role="toolbar" aria-label="With the chosen servers">
      <strong>{countOf(props.servers.length, "server")} chosen</strong>
      {SERVER_ACTIONS.filter((action) => props.servers.some(action.applies)).map((action) => (
        <button
          key={action.name}
          type="button"
          className="button"
          title={action.promise}
          disabled={busy}
          onClick={() => {
            setBusy(true);
            void act(action, props.servers, queries).then((done) => {
              setBusy(false);
              if (done) props.onDone();
            });
          }}
        >
          {action.name}
        </button>
      ))}
      <button type="button" className="button is-plain" onClick={props.onDone}>
        Choose none
      </button>
    </div>
  );
}
