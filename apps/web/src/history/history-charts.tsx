// Offset, score, failures and events of one server over time, with everything that moves through them.

import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type KeyboardEvent, type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { historyQuery } from "../api/queries.ts";
import { useHeld } from "../parts/held.ts";
import { serverNowMs } from "../parts/now.ts";
import { zoneStore } from "../parts/settings.ts";
import { ProblemNote } from "../parts/states.tsx";
import { useStore } from "../parts/store.ts";
import { useWidth } from "../parts/use-size.ts";
import { paths } from "../url/paths.ts";
import { useSearchState } from "../url/use-search.ts";
import { toChartModel } from "./chart-model.ts";
import { yAxisWidth } from "./chart-panel.ts";
import { type ChartStack, type ChartState, createChartStack } from "./chart-stack.ts";
import {
  type Cursor,
  cursorAtPointer,
  cursorMoved,
  cursorOnNextLine,
  firstCursor,
} from "./cursor.ts";
import { LegendTable } from "./legend-table.tsx";
import { RangeTools } from "./range-tools.tsx";
import { Readout, readoutSentence } from "./readout.tsx";
import { offsetSentence, scoreSentence, summariseLine } from "./summary.ts";
import { pan, rangeOf, type View, viewOf, viewWords, zoomAt } from "./view.ts";

interface HistoryChartsProps {
  readonly serverId: bigint;
  readonly intervalMs: number;
  readonly limitNs: number;
  readonly addedAtMs: number | undefined;
}

const POINTS_MAX = 1_600;
const KEY_ZOOM = 0.6;

export function HistoryCharts(props: HistoryChartsProps): ReactNode {
  const { serverId, intervalMs, limitNs, addedAtMs } = props;
  const [search, change] = useSearchState();
  const navigate = useNavigate();
  const zone = useStore(zoneStore);
  const ageMs = useMemo(
    () => (addedAtMs === undefined ? undefined : serverNowMs() - addedAtMs),
    [addedAtMs],
  );
  const range = rangeOf(search, ageMs);
  const history = useQuery(historyQuery(serverId, range, POINTS_MAX));
  const [pointerInside, setPointerInside] = useState(false);
  const [cursor, setCursor] = useState<Cursor>();
  const [pointed, setPointed] = useState<string>();
  const [moving, setMoving] = useState<View>();

  const fresh = useMemo(
    () =>
      history.data === undefined ? undefined : toChartModel(history.data, intervalMs, POINTS_MAX),
    [history.data, intervalMs],
  );
  // A live chart stands still while somebody points at it; another range is drawn at once.
  const model = useHeld(
    fresh,
    pointerInside && range.kind === "last" && !history.isPlaceholderData,
  );
  const shownTo =
    model !== undefined && !history.isPlaceholderData ? model.loaded.toMs : serverNowMs();
  const view = moving ?? viewOf(range, shownTo);

  const chosen = search["monitor"];
  const emphasis = cursor?.line.key ?? pointed ?? chosen;
  const full = search["scale"] === "full";
  const state: ChartState = {
    model,
    view,
    loading: history.isFetching,
    zone,
    limitNs,
    full,
    emphasis,
    nowMs: serverNowMs(),
  };

  const settle = (next: View): void => {
    setMoving(next);
    change({ ...viewWords(next), range: undefined });
  };
  // The address has caught up with the gesture.
  const rangeKey = `${search["from"] ?? ""} ${search["to"] ?? ""} ${search["range"] ?? ""}`;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key stands for the range
  useEffect(() => setMoving(undefined), [rangeKey]);
  const reset = (): void => {
    setMoving(undefined);
    change({ from: undefined, to: undefined });
  };
  const open = (): void => {
    const id = cursor?.line.checkIds[cursor.index];
    if (id !== undefined && id !== 0n) void navigate({ to: paths.check(id) });
  };

  const [ref, width] = useWidth<HTMLDivElement>();
  const stack = useChartStack(ref, state, {
    onView: (next, settled) => (settled ? settle(next) : setMoving(next)),
    onReset: reset,
    onOpen: open,
    onPointer: (at) => {
      setPointerInside(at !== undefined);
      setCursor(at === undefined || model === undefined ? undefined : cursorAtPointer(model, at));
    },
  });

  const onKey = (event: KeyboardEvent): void => {
    if (event.target !== event.currentTarget || model === undefined) return;
    const from = cursor ?? firstCursor(model, chosen, view.toMs);
    const next = from === undefined ? undefined : movedByKey(event, from);
    if (next !== undefined) {
      event.preventDefault();
      setCursor(next);
      stack.current?.crosshair(next.atMs);
      if (next.atMs < view.fromMs || next.atMs > view.toMs) {
        settle(pan(view, next.atMs - (view.fromMs + view.toMs) / 2, serverNowMs()));
      }
      return;
    }
    const at = cursor?.atMs ?? (view.fromMs + view.toMs) / 2;
    if (event.key === "Enter") open();
    else if (event.key === "+" || event.key === "=")
      settle(zoomAt(view, at, KEY_ZOOM, serverNowMs()));
    else if (event.key === "-") settle(zoomAt(view, at, 1 / KEY_ZOOM, serverNowMs()));
    else if (event.key === "Escape") {
      setCursor(undefined);
      stack.current?.crosshair(undefined);
      reset();
    }
  };

  function movedByKey(event: KeyboardEvent, from: Cursor): Cursor | undefined {
    const far = event.shiftKey ? 10 : 1;
    // The first key only shows where the crosshair is.
    const began = cursor !== undefined;
    if (event.key === "ArrowLeft") return began ? cursorMoved(from, -far) : from;
    if (event.key === "ArrowRight") return began ? cursorMoved(from, far) : from;
    if (model === undefined) return undefined;
    if (event.key === "ArrowUp") return cursorOnNextLine(model, from, -1);
    return event.key === "ArrowDown" ? cursorOnNextLine(model, from, 1) : undefined;
  }

  const summaries = useMemo(
    () => (model?.lines ?? []).map((line) => summariseLine(line, view)),
    [model, view.fromMs, view.toMs],
  );
  if (history.isError && model === undefined) {
    return (
      <ProblemNote
        error={history.error}
        title="The history could not be loaded"
        onRetry={() => void history.refetch()}
      />
    );
  }
  const cursorIndex = model?.lines.findIndex((line) => line.key === cursor?.line.key) ?? -1;
  return (
    <div className="history">
      <RangeTools search={search} change={change} range={range} onReset={reset} />
      <div className="history-columns">
        <figure className="history-charts" aria-labelledby="history-sentence">
          <div
            className="history-stack"
            ref={ref}
            tabIndex={0}
            role="group"
            aria-label="Time charts: arrow keys move the crosshair, Enter opens the check, plus and minus zoom, Escape shows the whole range"
            onKeyDown={onKey}
            onBlur={() => {
              setCursor(undefined);
              stack.current?.crosshair(undefined);
            }}
          >
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
              : offsetSentence(summaries, view, model.downSampled)}{" "}
            {model === undefined ? "" : scoreSentence(model.overall, view)}
          </figcaption>
          <p className="visually-hidden" role="status">
            {cursor === undefined || pointerInside ? "" : readoutSentence(cursor, zone)}
          </p>
        </figure>
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

function xOf(atMs: number, view: View, width: number): number {
  const axis = yAxisWidth(width);
  return axis + ((atMs - view.fromMs) / (view.toMs - view.fromMs)) * (width - axis - 8);
}

type StackHandlers = Pick<
  Parameters<typeof createChartStack>[0],
  "onView" | "onReset" | "onOpen" | "onPointer"
>;

/** Keeps a chart stack in step with the component: created once, updated on every rendering. */
function useChartStack(
  ref: { readonly current: HTMLDivElement | null },
  state: ChartState,
  handlers: StackHandlers,
): { readonly current: ChartStack | undefined } {
  const stack = useRef<ChartStack>(undefined);
  const latest = useRef(handlers);
  latest.current = handlers;
  const initial = useRef(state);
  useEffect(() => {
    const element = ref.current;
    if (element === null) return undefined;
    const panel = (name: string): HTMLElement => {
      const found = element.querySelector<HTMLElement>(`[data-panel=${name}]`);
      if (found === null) throw new Error(`the charts have no panel ${name}`);
      return found;
    };
    const created = createChartStack({
      offsetElement: panel("offset"),
      scoreElement: panel("score"),
      stripElement: panel("strip"),
      state: initial.current,
      onView: (view, settled) => latest.current.onView(view, settled),
      onReset: () => latest.current.onReset(),
      onOpen: () => latest.current.onOpen(),
      onPointer: (at) => latest.current.onPointer(at),
    });
    stack.current = created;
    const observer = new ResizeObserver(() => created.resize());
    observer.observe(element);
    return () => {
      observer.disconnect();
      created[Symbol.dispose]();
      stack.current = undefined;
    };
  }, [ref]);
  useEffect(() => stack.current?.update(state));
  return stack;
}
