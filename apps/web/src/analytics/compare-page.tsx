// Servers, or monitors, side by side. Who is compared, the range, the filter, and from whom differences are taken stand in the
// address.

import { useQuery } from "@tanstack/react-query";
import type { analyticsV1 } from "@truechimer/api";
import { type ReactNode, useMemo, useState } from "react";
import { msOf } from "../api/message.ts";
import { compareQuery, monitorsQuery, serversQuery } from "../api/queries.ts";
import { FilterBox } from "../filter/filter-box.tsx";
import { useReadFilter } from "../filter/use-filter.ts";
import { useUnhurried } from "../filter/use-unhurried.ts";
import { formatInstant } from "../format/instant.ts";
import { formatLong } from "../format/relative-time.ts";
import { RangeChips } from "../history/range-chips.tsx";
import { rangeOf, viewWords } from "../history/view.ts";
import { zoneStore } from "../parts/settings.ts";
import { EmptyState, PageSkeleton, ProblemNote } from "../parts/states.tsx";
import { useStore } from "../parts/store.ts";
import { useTitle } from "../shell/use-title.ts";
import { parseId, paths } from "../url/paths.ts";
import { listOf, type Search } from "../url/search.ts";
import { type ChangeSearch, useSearchState } from "../url/use-search.ts";
import { AnalyticsTabs } from "./analytics-tabs.tsx";
import { CompareCharts } from "./compare-charts.tsx";
import { comparedLine, differenceFrom } from "./compare-model.ts";
import { CompareTable } from "./compare-table.tsx";
import { compareSentence } from "./compare-words.ts";
import { RangeNote } from "./range-note.tsx";
import { type HeldAnswer, useHeldAnswer } from "./use-held-answer.ts";

/** As the API takes. */
const COMPARED_MAX = 8;

/** Which of the two are compared. */
type Kind = "server" | "monitor";

export function ComparePage(): ReactNode {
  useTitle("Compare");
  const [search, change] = useSearchState();
  const kind: Kind =
    search["monitor"] === undefined && search["of"] !== "monitors" ? "server" : "monitor";
  const ids = idsOf(search[kind]);
  const written = search["q"] ?? "";
  const filter = useReadFilter("checks", written, 0);
  const range = rangeOf(search);
  const query = compareQuery({
    range,
    serverIds: kind === "server" ? ids : [],
    monitorIds: kind === "monitor" ? ids : [],
    filter: useUnhurried(filter.text),
  });
  const answer = useQuery(query);
  return (
    <article className="compare-page">
      <AnalyticsTabs current="compare" />
      <header className="page-head">
        <h1>Compare</h1>
      </header>
      <div className="tools">
        <KindChips kind={kind} change={change} />
        <RangeChips range={range} change={change} />
        <FilterBox
          subject="checks"
          label="Search checks"
          placeholder={kind === "server" ? "monitor:zurich, or reason:none" : "server:ntp1.*"}
          text={written}
          problem={filter.problem}
          onChange={(text) => change({ q: text }, "replace")}
        />
      </div>
      <div className="tools">
        <AddCompared kind={kind} ids={ids} change={change} />
        {ids.length < 2 ? null : (
          <Against
            series={answer.data?.series ?? []}
            against={search["against"] ?? ""}
            change={change}
          />
        )}
      </div>
      {answer.isError ? (
        <ProblemNote
          error={answer.error}
          title="The comparison could not be read"
          onRetry={() => void answer.refetch()}
        />
      ) : null}
      {ids.length === 0 ? (
        <EmptyState title={`Choose the ${kind}s to compare`}>
          <p>
            {kind === "server"
              ? "Up to eight servers, over the same time: which of two disagrees, and since when?"
              : "Up to eight monitors, each by its difference from the fleet's median of the same server at the same time: whose own clock is off?"}
          </p>
        </EmptyState>
      ) : answer.data === undefined ? (
        answer.isError ? null : (
          <PageSkeleton what="the comparison" />
        )
      ) : (
        <Comparison
          kind={kind}
          newest={{
            question: query.queryKey.join(" "),
            answer: answer.data,
            isOld: answer.isPlaceholderData,
          }}
          search={search}
          change={change}
        />
      )}
    </article>
  );
}

function KindChips(props: { readonly kind: Kind; readonly change: ChangeSearch }): ReactNode {
  const choose = (of: string | undefined): void =>
    props.change({ of, server: undefined, monitor: undefined, against: undefined });
  return (
    <div className="chips" role="group" aria-label="What is compared">
      <button
        type="button"
        className="chip"
        aria-pressed={props.kind === "server"}
        onClick={() => choose(undefined)}
      >
        Servers
      </button>
      <button
        type="button"
        className="chip"
        aria-pressed={props.kind === "monitor"}
        onClick={() => choose("monitors")}
      >
        Monitors
      </button>
    </div>
  );
}

function AddCompared(props: {
  readonly kind: Kind;
  readonly ids: readonly bigint[];
  readonly change: ChangeSearch;
}): ReactNode {
  const { kind, ids, change } = props;
  const servers = useQuery({ ...serversQuery(false), enabled: kind === "server" });
  const monitors = useQuery({ ...monitorsQuery(), enabled: kind === "monitor" });
  const all: readonly { readonly id: bigint; readonly name: string; readonly address: string }[] =
    kind === "server" ? (servers.data?.servers ?? []) : (monitors.data?.monitors ?? []);
  const names = Map.groupBy(all, ({ name }) => name);
  const left = all
    .filter(({ id }) => !ids.includes(id))
    .toSorted((one, other) => one.name.localeCompare(other.name, "en", { numeric: true }));
  return (
    <label className="compare-add">
      <span>Add a {kind}</span>
      <select
        value=""
        disabled={ids.length >= COMPARED_MAX || left.length === 0}
        onChange={(event) => change({ [kind]: [...ids, event.target.value].join(",") })}
      >
        <option value="">
          {ids.length >= COMPARED_MAX ? "eight are the most" : `${left.length} to choose from`}
        </option>
        {left.map(({ id, name, address }) => (
          <option key={id.toString()} value={id.toString()}>
            {(names.get(name)?.length ?? 0) > 1 ? `${name} (${address})` : name}
          </option>
        ))}
      </select>
    </label>
  );
}

function Against(props: {
  readonly series: readonly analyticsV1.ComparedSeries[];
  readonly against: string;
  readonly change: ChangeSearch;
}): ReactNode {
  const { series, against, change } = props;
  return (
    <label className="compare-add">
      <span>Difference from</span>
      <select
        value={series.some(({ id }) => id.toString() === against) ? against : ""}
        onChange={(event) => change({ against: event.target.value })}
      >
        <option value="">nobody: as measured</option>
        {series.map(({ id, name }) => (
          <option key={id.toString()} value={id.toString()}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

function Comparison(props: {
  readonly kind: Kind;
  readonly newest: HeldAnswer<analyticsV1.CompareSeriesResponse>;
  readonly search: Search;
  readonly change: ChangeSearch;
}): ReactNode {
  const { kind, search, change } = props;
  const [busy, setBusy] = useState(false);
  const [cursorMs, setCursorMs] = useState<number>();
  const zone = useStore(zoneStore);
  const answer = useHeldAnswer(props.newest, busy);
  const lines = useMemo(() => answer.series.map(comparedLine), [answer]);
  const base = lines.find(({ id }) => id.toString() === search["against"]);
  const shown = useMemo(
    () => (base === undefined ? lines : lines.map((line) => differenceFrom(base, line))),
    [lines, base],
  );
  const view = {
    fromMs: msOf(answer.range?.from) ?? 0,
    toMs: msOf(answer.range?.to) ?? 1,
  };
  const sentence = compareSentence(lines, kind);
  const cursorText = cursorMs === undefined ? "" : formatInstant(cursorMs, zone, "time");
  return (
    <>
      <p className="page-sentence">{sentence}</p>
      <RangeNote range={answer.range} />
      <CompareCharts
        lines={shown}
        view={view}
        bucketMs={answer.bucketMs}
        label={`${sentence} Arrow keys move the crosshair, dragging zooms.`}
        offsetTitle={offsetTitle(kind, base?.name)}
        cursorMs={cursorMs}
        onCursor={setCursorMs}
        onBusy={setBusy}
        onZoom={(zoomed) => change({ ...viewWords(zoomed), range: undefined })}
      />
      <p className="heat-order">
        Each point is a median of {formatLong(answer.bucketMs)}, the band reaches from the least to
        the greatest.
      </p>
      <CompareTable
        lines={lines}
        shown={shown}
        isDifference={base !== undefined}
        bucketMs={answer.bucketMs}
        cursorMs={cursorMs}
        cursorText={cursorText}
        hrefOf={(line) => (kind === "server" ? paths.server(line.id) : undefined)}
        onRemove={(id) => {
          const kept = idsOf(search[kind]).filter((one) => one !== id);
          change({ [kind]: kept.join(","), ...(kind === "monitor" ? { of: "monitors" } : {}) });
        }}
      />
    </>
  );
}

function offsetTitle(kind: Kind, base: string | undefined): string {
  if (base !== undefined) return `Difference from ${base}`;
  return kind === "server" ? "Offset" : "Difference from the fleet";
}

function idsOf(text: string | undefined): readonly bigint[] {
  const ids = listOf(text).flatMap((each) => parseId(each) ?? []);
  return [...new Set(ids)].slice(0, COMPARED_MAX);
}
