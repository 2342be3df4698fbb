// The agents table. While the pointer or the focus is in it, rows keep their places; their values still change.

import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { countOf } from "../format/number.ts";
import { useHeldOrder } from "../parts/held.ts";
import { sortOrderText } from "../parts/sort.ts";
import type { Search } from "../url/search.ts";
import type { ChangeSearch } from "../url/use-search.ts";
import { SETTABLE, setStatus, statusPromise } from "./agent-actions.ts";
import { AGENT_COLUMNS, type AgentColumn } from "./agent-columns.tsx";
import { type AgentFacts, isStillThere } from "./agent-facts.ts";
import { AGENT_SORT_INITIAL, agentSort } from "./agent-rows.ts";
import { RemoveAgent } from "./remove-agent.tsx";

interface AgentsTableProps {
  readonly agents: readonly AgentFacts[];
  readonly search: Search;
  readonly change: ChangeSearch;
}

export function AgentsTable(props: AgentsTableProps): ReactNode {
  const { search, change } = props;
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [heldBy, setHeldBy] = useState<string>();
  const { q, sort, status, online, lab } = search;
  const question = JSON.stringify([q, sort, status, online, lab]);
  // Held only for as long as the question is the same: choosing another sort must sort.
  const rows = useHeldOrder(props.agents, keyOf, heldBy === question);
  const chosenAgents = rows.filter((agent) => chosen.has(agent.id));
  const choose = (ids: readonly string[], on: boolean): void => {
    const next = new Set(chosen);
    for (const id of ids) {
      if (on) next.add(id);
      else next.delete(id);
    }
    setChosen(next);
  };
  return (
    <>
      <div className="table-scroll" tabIndex={-1}>
        <table className="table agents-table">
          <thead>
            <tr>
              <th scope="col" className="is-choice">
                <input
                  type="checkbox"
                  aria-label="Choose all shown agents"
                  checked={chosenAgents.length === rows.length}
                  onChange={(event) => choose(rows.map(keyOf), event.target.checked)}
                />
              </th>
              {AGENT_COLUMNS.map((column) => (
                <ColumnHead key={column.key} column={column} search={search} change={change} />
              ))}
            </tr>
          </thead>
          <tbody
            onPointerEnter={() => setHeldBy(question)}
            onPointerLeave={() => setHeldBy(undefined)}
            onFocus={() => setHeldBy(question)}
            onBlur={() => setHeldBy(undefined)}
          >
            {rows.map((agent) => (
              <AgentRow
                key={agent.id}
                agent={agent}
                chosen={chosen.has(agent.id)}
                onChoose={(on) => choose([agent.id], on)}
              />
            ))}
          </tbody>
        </table>
      </div>
      <ChosenBar agents={chosenAgents} onDone={() => setChosen(new Set())} />
    </>
  );
}

function keyOf(agent: AgentFacts): string {
  return agent.id;
}

function classOf(column: AgentColumn): string {
  return `is-${column.key}${column.number ? " is-number" : ""}`;
}

function ColumnHead(props: {
  readonly column: AgentColumn;
  readonly search: Search;
  readonly change: ChangeSearch;
}): ReactNode {
  const { column, search, change } = props;
  const sort = agentSort(search);
  const here = sort.key === column.key;
  const next = { key: column.key, descending: here ? !sort.descending : false };
  return (
    <th
      scope="col"
      className={classOf(column)}
      aria-sort={here ? (sort.descending ? "descending" : "ascending") : "none"}
    >
      <button
        type="button"
        title={column.definition}
        onClick={() => change({ sort: sortOrderText(next, AGENT_SORT_INITIAL) })}
      >
        {column.title}
        <span className="sort-mark" aria-hidden="true">
          {here ? (sort.descending ? "↓" : "↑") : ""}
        </span>
      </button>
    </th>
  );
}

interface AgentRowProps {
  readonly agent: AgentFacts;
  readonly chosen: boolean;
  readonly onChoose: (on: boolean) => void;
}

function AgentRow(props: AgentRowProps): ReactNode {
  const { agent, chosen } = props;
  return (
    <tr className={`${agent.online ? "" : "is-stale"} ${chosen ? "is-chosen" : ""}`}>
      <td className="is-choice">
        <input
          type="checkbox"
          aria-label={`Choose ${agent.name}`}
          checked={chosen}
          onChange={(event) => props.onChoose(event.target.checked)}
        />
      </td>
      {AGENT_COLUMNS.map((column) =>
        column.key === "name" ? (
          <th key={column.key} scope="row" className={classOf(column)}>
            {column.cell(agent)}
          </th>
        ) : (
          <td key={column.key} className={classOf(column)}>
            {column.cell(agent)}
          </td>
        ),
      )}
    </tr>
  );
}

/** What can be done with the chosen ones; floats, so that nothing moves. */
function ChosenBar(props: {
  readonly agents: readonly AgentFacts[];
  readonly onDone: () => void;
}): ReactNode {
  const queries = useQueryClient();
  const [busy, setBusy] = useState(false);
  const [asked, setAsked] = useState<AgentFacts>();
  const { agents } = props;
  const families = agents.flatMap((agent) =>
    agent.families.filter(isStillThere).map((family) => ({ name: agent.name, family })),
  );
  const [only] = agents;
  return (
    <>
      {agents.length === 0 ? null : (
        <div className="chosen-bar" role="toolbar" aria-label="With the chosen agents">
          <strong>{countOf(agents.length, "agent")} chosen</strong>
          <span className="soft">Set to</span>
          {SETTABLE.map((status) => (
            <button
              key={status}
              type="button"
              className="button"
              title={statusPromise(status)}
              disabled={busy}
              onClick={() => {
                setBusy(true);
                void setStatus(status, families, queries).then((done) => {
                  setBusy(false);
                  if (done) props.onDone();
                });
              }}
            >
              {status}
            </button>
          ))}
          {agents.length === 1 && only !== undefined ? (
            <button
              type="button"
              className="button"
              title="Its certificate and keys are void at once. Asks first."
              onClick={() => setAsked(only)}
            >
              Remove…
            </button>
          ) : null}
          <button type="button" className="button is-plain" onClick={props.onDone}>
            Choose none
          </button>
        </div>
      )}
      <RemoveAgent
        agent={asked}
        onClose={() => setAsked(undefined)}
        onRemoved={() => {
          setAsked(undefined);
          props.onDone();
        }}
      />
    </>
  );
}
