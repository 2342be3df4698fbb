// Offset, score, failures and events of one server over time, with everything that moves through them.

import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type KeyboardEvent, type ReactNode, type RefObject, useMemo, useState } from "react";
import { historyQuery } from "../api/queries.ts";
import { useHeld } from "../parts/held.ts";
import { serverNowMs } from "../parts/now.ts";
import { zoneStore } from "../parts/settings.ts";
import { ProblemNote } from "../parts/states.tsx";
import { useStore } from "../parts/store.ts";
import { useWidth } from "../parts/use-size.ts";
import { paths } from "../url/paths.ts";
import type { ChartState } from "./chart-drawings.ts";
import { keyEffect } from "./chart-keys.ts";
import { type ChartModel, toChartModel } from "./chart-model.ts";
import { yAxisWidth } from "./chart-panel.ts";
import { type Cursor, cursorAtPointer } from "./cursor.ts";
import { LegendTable } from "./legend-table.tsx";
import { RangeTools } from "./range-tools.tsx";
import { Readout, readoutSentence } from "./readout.tsx";
import { type LineSummary, offsetSentence, scoreSentence, summariseLine } from "./summary.ts";
import { useChartStack } from "./use-chart-stack.ts";
import { type ChartView, useChartView } from "./use-chart-view.ts";
import { pan, type View } from "./view.ts";

interface HistoryChartsProps {
  readonly serverId: bigint;
  readonly intervalMs: number;
  readonly limitNs: number;
  readonly addedAtMs: number | undefined;
}

/** Two a slot: more than a chart has pixels on most screens. */
const POINTS_MAX = 1_600;

export function HistoryCharts(props: HistoryChartsProps): ReactNode {
  const chartView = useChartView(props.addedAtMs);
  const { search, change, range, reset } = chartView;
  const history = useQuery(historyQuery(props.serverId, range, POINTS_MAX));
  const [pointed, setPointed] = useState<string>();
  const [cursor, setCursor] = useState<Cursor>();
  const [pointerInside, setPointerInside] = useState(false);
  const fresh = useMemo(
    () =>
      history.data === undefined
        ? undefined
        : toChartModel(history.data, props.intervalMs, POINTS_MAX),
    [history.data, props.intervalMs],
  );
  // A live chart stands still while somebody points at it; another range is drawn at once.
  const model = useHeld(
    fresh,
    pointerInside && range.kind === "last" && !history.isPlaceholderData,
  );
  const reached =
    model === undefined || history.isPlaceholderData ? serverNowMs() : model.loaded.toMs;
  const view = chartView.at(reached);
  const summaries = useMemo(
    () =>
      (model?.lines ?? []).map((line) =>
        summariseLine(line, { fromMs: view.fromMs, toMs: view.toMs }),
      ),
    [model, view.fromMs, view.toMs],
  );
  const chosen = search["monitor"];
  const emphasis = cursor?.line.key ?? pointed ?? chosen;

  if (history.isError && model === undefined) {
    return (
      <ProblemNote
        error={history.error}
        title="The history could not be loaded"
        onRetry={() => void history.refetch()}
      />
    );
  }
  return (
    <div className="history">
      <RangeTools search={search} change={change} range={range} onReset={reset} />
      <div className="history-columns">
        <ChartsFigure
          chartView={chartView}
          view={view}
          model={model}
          loading={history.isFetching}
          limitNs={props.limitNs}
          emphasis={emphasis}
          summaries={summaries}
          cursor={cursor}
          onCursor={setCursor}
          pointerInside={pointerInside}
          onPointerInside={setPointerInside}
        />
        <div className="history-table">
          <LegendTable
            rows={summaries}
            chosen={chosen}
            emphasis={emphasis}
            onPoint={setPointed}
            onChoose={(key) => change({ monitor: key }, "replace")}
          />
        </div>
      </div>
    </div>
  );
}

interface ChartsFigureProps {
  readonly chartView: ChartView;
  readonly view: View;
  readonly model: ChartModel | undefined;
  readonly loading: boolean;
  readonly limitNs: number;
  readonly emphasis: string | undefined;
  readonly summaries: readonly LineSummary[];
  readonly cursor: Cursor | undefined;
  readonly onCursor: (cursor: Cursor | undefined) => void;
  readonly pointerInside: boolean;
  readonly onPointerInside: (inside: boolean) => void;
}

/** The charts with their crosshair, and the sentence that sums them up. */
function ChartsFigure(props: ChartsFigureProps): ReactNode {
  const { view, model, cursor, summaries } = props;
  const zone = useStore(zoneStore);
  const [ref, width] = useWidth<HTMLDivElement>();
  const handlers = useChartHandlers(props, ref);
  const cursorIndex = model?.lines.findIndex((line) => line.key === cursor?.line.key) ?? -1;
  return (
    <figure className="history-charts" aria-labelledby="history-sentence">
      <div
        className="history-stack"
        ref={ref}
        tabIndex={0}
        role="group"
        aria-label="Time charts: arrow keys move the crosshair, Enter opens the check, plus and minus zoom, Escape shows the whole range"
        onKeyDown={handlers.onKey}
        onBlur={handlers.leave}
      >
        <ChartPanels />
        {cursor === undefined ? null : (
          <Readout
            cursor={cursor}
            zone={zone}
            width={width}
            colourIndex={cursorIndex}
            x={xOf(cursor.atMs, view, width)}
          />
        )}
      </div>
      <figcaption id="history-sentence" className="history-sentence">
        {model === undefined
          ? "Loading the history."
          : `${offsetSentence(summaries, view, model.downSampled)} ${scoreSentence(model.overall, view)}`}
      </figcaption>
      <p className="visually-hidden" role="status">
        {cursor === undefined || props.pointerInside ? "" : readoutSentence(cursor, zone)}
      </p>
    </figure>
  );
}

interface ChartHandlers {
  readonly onKey: (event: KeyboardEvent) => void;
  readonly leave: () => void;
}

/** Connects the chart stack with view, cursor and keys. */
function useChartHandlers(
  props: ChartsFigureProps,
  ref: RefObject<HTMLDivElement | null>,
): ChartHandlers {
  const { chartView, view, model, cursor, onCursor } = props;
  const navigate = useNavigate();
  const zone = useStore(zoneStore);
  const nowMs = serverNowMs();
  const { loading, limitNs, emphasis } = props;
  const full = chartView.search["scale"] === "full";
  const state: ChartState = { model, view, loading, zone, limitNs, full, emphasis, nowMs };
  const open = (): void => {
    const id = cursor?.line.checkIds[cursor.index];
    if (id !== undefined && id !== 0n) void navigate({ to: paths.check(id) });
  };
  const stack = useChartStack(ref, state, {
    onView: (next, settled) => (settled ? chartView.settle(next) : chartView.move(next)),
    onReset: chartView.reset,
    onOpen: open,
    onPointer: (at) => {
      props.onPointerInside(at !== undefined);
      onCursor(at === undefined || model === undefined ? undefined : cursorAtPointer(model, at));
    },
  });
  const leave = (): void => {
    onCursor(undefined);
    stack.current?.crosshair(undefined);
  };
  const moveTo = (next: Cursor): void => {
    onCursor(next);
    stack.current?.crosshair(next.atMs);
    const outside = next.atMs < view.fromMs || next.atMs > view.toMs;
    if (outside) chartView.settle(pan(view, next.atMs - (view.fromMs + view.toMs) / 2, nowMs));
  };
  const onKey = (event: KeyboardEvent): void => {
    if (event.target !== event.currentTarget || model === undefined) return;
    const chosen = chartView.search["monitor"];
    const { key, shiftKey: shift } = event;
    const effect = keyEffect({ key, shift, model, cursor, chosen, view, nowMs });
    if (effect === undefined) return;
    event.preventDefault();
    if (effect.kind === "open") open();
    else if (effect.kind === "cursor") moveTo(effect.cursor);
    else if (effect.kind === "view") chartView.settle(effect.view);
    else {
      leave();
      chartView.reset();
    }
  };
  return { onKey, leave };
}

function ChartPanels(): ReactNode {
  return (
    <>
      <h3 className="chart-title">
        Offset <span className="soft">server's clock minus ours</span>
      </h3>
      <div className="chart" data-panel="offset" />
      <h3 className="chart-title">
        Score <span className="soft">−100 to 20</span>
      </h3>
      <div className="chart" data-panel="score" />
      <h3 className="chart-title">
        Failed checks <span className="soft">and events</span>
      </h3>
      <div className="chart" data-panel="strip" />
    </>
  );
}

function xOf(atMs: number, view: View, width: number): number {
  const axis = yAxisWidth(width);
  return axis + ((atMs - view.fromMs) / (view.toMs - view.fromMs)) * (width - axis - 8);
}
