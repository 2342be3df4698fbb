// Search, filters, columns and export above the servers table.

import type { FilterProblem } from "@truechimer/filter";
import type { ReactNode } from "react";
import { FilterBox } from "../filter/filter-box.tsx";
import { downloadText, toCsv } from "../parts/csv.ts";
import { serverNowMs } from "../parts/now.ts";
import type { ServerFacts } from "../parts/server-facts.ts";
import { VerdictShape } from "../parts/verdict.tsx";
import { VERDICT_NAMES } from "../parts/words.ts";
import { listOf, type Search } from "../url/search.ts";
import type { ChangeSearch } from "../url/use-search.ts";
import { COLUMNS, type Column, columnsText } from "./columns.tsx";

interface ServersToolsProps {
  readonly search: Search;
  readonly change: ChangeSearch;
  readonly shown: readonly ServerFacts[];
  readonly columns: readonly Column[];
  /** Of all servers, to complete. */
  readonly names: readonly string[];
  readonly problem: FilterProblem | undefined;
}

export function ServersTools(props: ServersToolsProps): ReactNode {
  const { search, change } = props;
  return (
    <div className="tools">
      <FilterBox
        subject="servers"
        label="Search servers"
        placeholder="A word, or offset>5ms stratum>=3"
        text={search["q"] ?? ""}
        problem={props.problem}
        onChange={(text) => change({ q: text }, "replace")}
        valuesOf={(field) => (field.name === "server" ? [...new Set(props.names)] : [])}
      />
      <VerdictFilter search={search} change={change} />
      <label className="tools-state">
        <span className="visually-hidden">State</span>
        <select
          value={search["state"] ?? ""}
          onChange={(event) => change({ state: event.target.value })}
        >
          <option value="">watched and paused</option>
          <option value="watched">watched</option>
          <option value="paused">paused</option>
          <option value="removed">removed</option>
          <option value="all">all</option>
        </select>
      </label>
      {search["leap"] === undefined ? null : (
        <button
          type="button"
          className="chip"
          aria-pressed="true"
          title="Only servers that announce a leap second. Show all again."
          onClick={() => change({ leap: undefined })}
        >
          announcing a leap second
        </button>
      )}
      <span className="tools-gap" />
      <ColumnChoice columns={props.columns} change={change} />
      <button
        type="button"
        className="button"
        title="The rows and columns that are shown, as CSV with numbers in full"
        onClick={() => {
          const at = new Date(serverNowMs()).toISOString().slice(0, 19).replaceAll(":", "");
          downloadText(`truechimer-servers-${at}Z.csv`, toCsv(props.shown, props.columns));
        }}
      >
        Export CSV
      </button>
    </div>
  );
}

function VerdictFilter(props: {
  readonly search: Search;
  readonly change: ChangeSearch;
}): ReactNode {
  const chosen = listOf(props.search["verdict"]);
  const toggle = (verdict: string): void => {
    const next = chosen.includes(verdict)
      ? chosen.filter((one) => one !== verdict)
      : [...chosen, verdict];
    props.change({ verdict: next.join(",") });
  };
  return (
    <div className="chips is-pairs" role="group" aria-label="Filter by verdict">
      {VERDICT_NAMES.map((verdict) => (
        <button
          key={verdict}
          type="button"
          className="chip"
          aria-pressed={chosen.includes(verdict)}
          onClick={() => toggle(verdict)}
        >
          <VerdictShape verdict={verdict} />
          {verdict}
        </button>
      ))}
    </div>
  );
}

function ColumnChoice(props: {
  readonly columns: readonly Column[];
  readonly change: ChangeSearch;
}): ReactNode {
  const choose = (column: Column, shown: boolean): void => {
    const next = COLUMNS.filter((one) => (one === column ? shown : props.columns.includes(one)));
    props.change({ cols: columnsText(next) }, "replace");
  };
  return (
    <details
      className="menu"
      onBlur={(event) => {
        const within =
          event.relatedTarget === null || event.currentTarget.contains(event.relatedTarget);
        if (!within) event.currentTarget.open = false;
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape") event.currentTarget.open = false;
      }}
    >
      <summary className="button">Columns</summary>
      <fieldset className="menu-panel">
        <legend className="visually-hidden">Shown columns</legend>
        {COLUMNS.map((column) => (
          <label key={column.key} title={column.definition}>
            <input
              type="checkbox"
              checked={props.columns.includes(column)}
              disabled={column.key === "name" || column.key === "verdict"}
              onChange={(event) => choose(column, event.target.checked)}
            />
            {column.title}
          </label>
        ))}
      </fieldset>
    </details>
  );
}
