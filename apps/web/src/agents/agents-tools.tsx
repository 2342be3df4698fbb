// Search, filters and export above the agents table.

import type { Field, FilterProblem } from "@truechimer/filter";
import type { ReactNode } from "react";
import { FilterBox } from "../filter/filter-box.tsx";
import { downloadText, toCsv } from "../parts/csv.ts";
import { serverNowMs } from "../parts/now.ts";
import { MONITOR_STATUS_DEFINITIONS } from "../parts/words.ts";
import { listOf, type Search } from "../url/search.ts";
import type { ChangeSearch } from "../url/use-search.ts";
import { SETTABLE } from "./agent-actions.ts";
import { AGENT_COLUMNS } from "./agent-columns.tsx";
import type { AgentFacts } from "./agent-facts.ts";

interface AgentsToolsProps {
  readonly search: Search;
  readonly change: ChangeSearch;
  readonly shown: readonly AgentFacts[];
  /** All of them, whose names and places complete what is typed. */
  readonly agents: readonly AgentFacts[];
  readonly problem: FilterProblem | undefined;
}

export function AgentsTools(props: AgentsToolsProps): ReactNode {
  const { search, change } = props;
  const statuses = listOf(search["status"]);
  const toggle = (status: string): void => {
    const next = statuses.includes(status)
      ? statuses.filter((one) => one !== status)
      : [...statuses, status];
    change({ status: next.join(",") });
  };
  return (
    <div className="tools">
      <FilterBox
        subject="monitors"
        label="Search agents"
        placeholder="A word, or country:de age>10m"
        text={search["q"] ?? ""}
        problem={props.problem}
        onChange={(text) => change({ q: text }, "replace")}
        valuesOf={(field) => knownValues(field, props.agents)}
      />
      <div className="chips is-pairs" role="group" aria-label="Filter by status">
        {SETTABLE.map((status) => (
          <button
            key={status}
            type="button"
            className="chip"
            title={MONITOR_STATUS_DEFINITIONS[status]}
            aria-pressed={statuses.includes(status)}
            onClick={() => toggle(status)}
          >
            {status}
          </button>
        ))}
      </div>
      <label>
        <span className="visually-hidden">Online</span>
        <select
          value={search["online"] ?? ""}
          onChange={(event) => change({ online: event.target.value })}
        >
          <option value="">online and offline</option>
          <option value="yes">online</option>
          <option value="no">offline</option>
        </select>
      </label>
      <span className="tools-gap" />
      <button
        type="button"
        className="button"
        title="The agents that are shown, as CSV with numbers in full"
        onClick={() => {
          const at = new Date(serverNowMs()).toISOString().slice(0, 19).replaceAll(":", "");
          downloadText(`truechimer-agents-${at}Z.csv`, toCsv(props.shown, AGENT_COLUMNS));
        }}
      >
        Export CSV
      </button>
    </div>
  );
}

function knownValues({ name }: Field, agents: readonly AgentFacts[]): readonly string[] {
  const valueOf = KNOWN[name];
  if (valueOf === undefined) return [];
  return [...new Set(agents.map(valueOf).filter((value) => value !== ""))];
}

const KNOWN: Readonly<Record<string, (agent: AgentFacts) => string>> = {
  monitor: ({ name }) => name,
  "monitor.country": ({ country }) => country,
  "monitor.network": ({ network }) => network,
  "monitor.location": ({ location }) => location,
  "monitor.client_version": ({ version }) => version,
};
