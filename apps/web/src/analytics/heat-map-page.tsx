// Servers by monitors: is it the server, the path or the observer? Measure, range, filter and the opened cell stand in the
// address.

import { useQuery } from "@tanstack/react-query";
import type { analyticsV1 } from "@truechimer/api";
import { type ReactNode, useMemo, useState } from "react";
import { heatMapQuery } from "../api/queries.ts";
import { FilterBox } from "../filter/filter-box.tsx";
import { useReadFilter } from "../filter/use-filter.ts";
import { useUnhurried } from "../filter/use-unhurried.ts";
import { formatCount } from "../format/number.ts";
import { RangeChips } from "../history/range-chips.tsx";
import { rangeOf } from "../history/view.ts";
import { downloadText, toCsv } from "../parts/csv.ts";
import { serverNowMs } from "../parts/now.ts";
import { EmptyState } from "../parts/states.tsx";
import { useTitle } from "../shell/use-title.ts";
import { parseId } from "../url/paths.ts";
import { type Search, stringifySearch } from "../url/search.ts";
import { type ChangeSearch, useSearchState } from "../url/use-search.ts";
import { AnalyticsTabs } from "./analytics-tabs.tsx";
import { AnswerOf } from "./answer-of.tsx";
import { type HeatGrid, type HeatPlace, heatGrid } from "./heat-grid.ts";
import { HeatLegend } from "./heat-legend.tsx";
import { HeatPicture } from "./heat-picture.tsx";
import { MEASURES, measureOf } from "./heat-scale.ts";
import { heatSentence } from "./heat-words.ts";
import { MeasureChips } from "./measure-chips.tsx";
import { OpenedPair } from "./opened-pair.tsx";
import { PAIR_EXPORT } from "./pair-export.ts";
import { type PairRow, PairTable } from "./pair-table.tsx";
import { RangeNote } from "./range-note.tsx";
import { type HeldAnswer, useHeldAnswer } from "./use-held-answer.ts";

const SERVERS_NORMAL = 50;
/** The most that the API gives. */
const SERVERS_MAX = 500;
/** More rows than anybody reads; the export has all. */
const TABLE_ROWS_MAX = 500;

export function HeatMapPage(): ReactNode {
  useTitle("Heat map");
  const [search, change] = useSearchState();
  const measure = measureOf(search["measure"]);
  const written = search["q"] ?? "";
  const filter = useReadFilter("checks", written, 0);
  const range = rangeOf(search);
  const query = heatMapQuery({
    range,
    measure: measure.wire,
    filter: useUnhurried(filter.text),
    serversMax: search["rows"] === "all" ? SERVERS_MAX : SERVERS_NORMAL,
  });
  const map = useQuery(query);
  return (
    <article className="heat-map-page">
      <AnalyticsTabs current="heat-map" />
      <header className="page-head">
        <h1>Heat map</h1>
      </header>
      <div className="tools">
        <MeasureChips measure={measure} change={change} />
        <RangeChips range={range} change={change} />
        <FilterBox
          subject="checks"
          label="Search checks"
          placeholder="A server or reason, or monitor.country:de"
          text={written}
          problem={filter.problem}
          onChange={(text) => change({ q: text }, "replace")}
        />
      </div>
      <AnswerOf query={map} what="the heat map" failed="The heat map could not be read">
        {(data) => (
          <HeatMap
            newest={{
              question: query.queryKey.join(" "),
              answer: data,
              isOld: map.isPlaceholderData,
            }}
            search={search}
            change={change}
          />
        )}
      </AnswerOf>
    </article>
  );
}

function HeatMap(props: {
  readonly newest: HeldAnswer<analyticsV1.GetHeatMapResponse>;
  readonly search: Search;
  readonly change: ChangeSearch;
}): ReactNode {
  const { newest, search, change } = props;
  const [busy, setBusy] = useState(false);
  const map = useHeldAnswer(newest, busy);
  // What is shown is told in the words of its own measure, also while another one is on its way.
  const measure = MEASURES.find(({ wire }) => wire === map.measure) ?? measureOf(undefined);
  const grid = useMemo(() => heatGrid(map, measure), [map, measure]);
  const sentence = useMemo(() => heatSentence(grid), [grid]);
  const pairs = useMemo(() => pairRows(map), [map]);
  const rangeSearch = rangeWords(search);
  const opened = openedPlace(grid, search);
  if (grid.rows.length === 0) {
    return (
      <EmptyState title="No checks in this range">
        <RangeNote range={map.range} />
        <p>Choose a longer range, or a filter that lets more through.</p>
      </EmptyState>
    );
  }
  return (
    <>
      <p className="page-sentence">{sentence}</p>
      <RangeNote range={map.range} />
      <HeatLegend measure={measure} />
      <HeatPicture
        grid={grid}
        sentence={sentence}
        opened={opened}
        onBusy={setBusy}
        onOpen={({ row, column }) =>
          change(
            {
              server: grid.rows[row]?.id.toString(),
              monitor: grid.columns[column]?.id.toString(),
            },
            "replace",
          )
        }
      />
      <p className="heat-order">Rows and columns: the worst first, by the median of their cells.</p>
      {opened === undefined ? null : (
        <OpenedPair
          grid={grid}
          place={opened}
          search={rangeSearch}
          onClose={() => change({ server: undefined, monitor: undefined }, "replace")}
        />
      )}
      <LeftOut map={map} change={change} />
      <section aria-labelledby="worst-title">
        <h2 id="worst-title">Worst pairs</h2>
        <PairTable rows={map.worst} search={rangeSearch} />
      </section>
      <AllPairs rows={pairs} search={rangeSearch} />
    </>
  );
}

function LeftOut(props: {
  readonly map: analyticsV1.GetHeatMapResponse;
  readonly change: ChangeSearch;
}): ReactNode {
  const { servers, monitors, serversTotal, monitorsTotal } = props.map;
  if (servers.length === serversTotal && monitors.length === monitorsTotal) return null;
  return (
    <p className="heat-left-out">
      The worst {formatCount(servers.length)} of {formatCount(serversTotal)} servers and{" "}
      {formatCount(monitors.length)} of {formatCount(monitorsTotal)} monitors.{" "}
      {servers.length < serversTotal && servers.length < SERVERS_MAX ? (
        <button
          type="button"
          className="button is-small"
          onClick={() => props.change({ rows: "all" })}
        >
          Show {formatCount(Math.min(SERVERS_MAX, serversTotal))} servers
        </button>
      ) : null}
    </p>
  );
}

function AllPairs(props: {
  readonly rows: readonly PairRow[];
  readonly search: string;
}): ReactNode {
  const { rows } = props;
  const [open, setOpen] = useState(false);
  return (
    <details className="as-table" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Show as a table</summary>
      <p className="button-row">
        <button
          type="button"
          className="button is-small"
          onClick={() => {
            const at = new Date(serverNowMs()).toISOString().slice(0, 19).replaceAll(":", "");
            downloadText(`truechimer-pairs-${at}Z.csv`, toCsv(rows, PAIR_EXPORT));
          }}
        >
          Export CSV
        </button>
      </p>
      {open ? <PairTable rows={rows.slice(0, TABLE_ROWS_MAX)} search={props.search} /> : null}
      {open && rows.length > TABLE_ROWS_MAX ? (
        <p className="soft">
          The first {formatCount(TABLE_ROWS_MAX)} of {formatCount(rows.length)} pairs; the export
          has all.
        </p>
      ) : null}
    </details>
  );
}

function pairRows(map: analyticsV1.GetHeatMapResponse): readonly PairRow[] {
  return map.cells.map(({ server, monitor, figures }) => ({
    serverId: map.servers[server]?.id ?? 0n,
    serverName: map.servers[server]?.name ?? "",
    monitorId: map.monitors[monitor]?.id ?? 0n,
    monitorName: map.monitors[monitor]?.name ?? "",
    figures,
  }));
}

/** The pair of the address, if it is shown. */
function openedPlace(grid: HeatGrid, search: Search): HeatPlace | undefined {
  const serverId = parseId(search["server"]);
  const monitorId = parseId(search["monitor"]);
  const row = grid.rows.findIndex(({ id }) => id === serverId);
  const column = grid.columns.findIndex(({ id }) => id === monitorId);
  return row < 0 || column < 0 ? undefined : { row, column };
}

/** "&range=6h", as it follows other words of an address. */
function rangeWords(search: Search): string {
  const { from, to, range } = search;
  return stringifySearch({ range, from, to }).replace("?", "&");
}
