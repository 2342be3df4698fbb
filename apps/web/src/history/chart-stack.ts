// Offset, score and failures over one time axis with one crosshair. The only file that holds uPlot charts; loaded when
// a server's page is opened.

import "uplot/dist/uPlot.min.css";
import type uPlot from "uplot";
import type { Zone } from "../format/instant.ts";
import { formatFixed } from "../format/number.ts";
import { formatTick } from "../format/offset.ts";
import { LINEAR_NS } from "../scale/symlog.ts";
import type { ChartModel } from "./chart-model.ts";
import { createPanel } from "./chart-panel.ts";
import { type ChartColours, readColours } from "./colours.ts";
import {
  type Canvas,
  canvasOf,
  drawBand,
  drawFailures,
  drawLevelLabels,
  drawLevels,
  drawLine,
  drawNotice,
  drawUnknown,
  inside,
  type Level,
  type LineStyle,
} from "./draw.ts";
import { drawEvents } from "./draw-events.ts";
import { type GestureTarget, listenToGestures, startPan } from "./gestures.ts";
import { linearTicks, offsetTicks, timeTicks } from "./ticks.ts";
import type { View } from "./view.ts";
import { offsetRange, scoreRange } from "./y-range.ts";

/** What the charts show besides their data. */
export interface ChartState {
  readonly model: ChartModel | undefined;
  readonly view: View;
  readonly loading: boolean;
  readonly zone: Zone;
  readonly limitNs: number;
  /** The offset chart reaches at least to the verdict's limit. */
  readonly full: boolean;
  /** The monitor that is pointed at or chosen. */
  readonly emphasis: string | undefined;
  readonly nowMs: number;
}

export interface PointerAt {
  readonly atMs: number;
  /** Offset, or score, under the pointer. */
  readonly panel: "offset" | "score" | "strip";
  readonly value: number;
  /** How much of the offset scale is linear. */
  readonly linearNs: number;
}

export interface ChartStackOptions {
  readonly offsetElement: HTMLElement;
  readonly scoreElement: HTMLElement;
  readonly stripElement: HTMLElement;
  readonly state: ChartState;
  readonly onView: (view: View, settled: boolean) => void;
  readonly onReset: () => void;
  readonly onPointer: (at: PointerAt | undefined) => void;
  readonly onOpen: () => void;
}

export interface ChartStack {
  readonly update: (state: ChartState) => void;
  /** Puts the crosshair at an instant; undefined takes it away. */
  readonly crosshair: (atMs: number | undefined) => void;
  readonly resize: () => void;
  readonly [Symbol.dispose]: () => void;
}

const OFFSET_HEIGHT = 280;
const SCORE_HEIGHT = 136;
const STRIP_HEIGHT = 80;
const TICK_GAP = 22;

/** The thresholds of the step table, with the step that begins there. */
const THRESHOLDS: readonly { readonly ns: number; readonly text: string }[] = [
  { ns: 25e6, text: "25 ms: step +1 within" },
  { ns: 100e6, text: "100 ms: step +0.5" },
  { ns: 750e6, text: "750 ms: step −1" },
  { ns: 3e9, text: "3 s: step −4 beyond" },
];
/** Below it the NTP Pool would not hand a server out. */
const SCORE_NEUTRAL = 10;

type Panel = "offset" | "score" | "strip";

export function createChartStack(options: ChartStackOptions): ChartStack {
  let state = options.state;
  let colours = readColours(options.offsetElement);
  let linearNs = LINEAR_NS;
  const disposers: (() => void)[] = [];

  const target: GestureTarget = {
    view: () => state.view,
    nowMs: () => state.nowMs,
    change: (view, settled) => {
      state = { ...state, view };
      options.onView(view, settled);
      apply();
    },
  };

  const common = (element: HTMLElement) => ({
    element,
    colours: () => colours,
    xTicks: (view: View, count: number) => timeTicks(view.fromMs, view.toMs, count, state.zone),
    onSelect: (view: View) => target.change(view, true),
    onReset: options.onReset,
    onPanStart: (event: MouseEvent) => startPan(event.currentTarget as HTMLElement, event, target),
  });

  const charts: Readonly<Record<Panel, uPlot>> = {
    offset: createPanel({
      ...common(options.offsetElement),
      height: OFFSET_HEIGHT,
      linearNs: () => linearNs,
      withTimes: false,
      yTicks: (lowNs, highNs, pixels) =>
        offsetTicks({ lowNs, highNs, linearNs, pixels, gap: TICK_GAP }),
      yText: formatTick,
      draw: (chart) => drawOffsets(canvasOf(chart, colours), state),
    }),
    score: createPanel({
      ...common(options.scoreElement),
      height: SCORE_HEIGHT,
      linearNs: undefined,
      withTimes: false,
      yTicks: (low, high, pixels) => linearTicks(low, Math.min(high, 20), pixels / (TICK_GAP + 6)),
      yText: (value) => formatFixed(value, 0),
      draw: (chart) => drawScores(canvasOf(chart, colours), state),
    }),
    strip: createPanel({
      ...common(options.stripElement),
      height: STRIP_HEIGHT,
      linearNs: undefined,
      withTimes: true,
      yTicks: () => [],
      yText: () => "",
      draw: (chart) => drawStrip(canvasOf(chart, colours), state),
    }),
  };
  const panels: readonly Panel[] = ["offset", "score", "strip"];

  const apply = (): void => {
    const { view, model } = state;
    const offset = offsetRange(model, view, state.limitNs, state.full);
    const score = scoreRange(model, view);
    linearNs = offset.linearNs;
    const ranges = { offset, score, strip: { low: 0, high: 1 } };
    for (const panel of panels) {
      const chart = charts[panel];
      chart.batch(() => {
        chart.setScale("x", { min: view.fromMs, max: view.toMs });
        chart.setScale("y", { min: ranges[panel].low, max: ranges[panel].high });
        chart.redraw(false, true);
      });
    }
  };

  for (const panel of panels) {
    const { over } = charts[panel];
    over.classList.add("chart-over");
    disposers.push(listenToGestures(over, target), listenToPointer(panel, over));
  }

  function listenToPointer(panel: Panel, over: HTMLElement): () => void {
    const abort = new AbortController();
    const { signal } = abort;
    let pressedAt: number | undefined;
    const tell = (event: PointerEvent): void => {
      const { left, top } = over.getBoundingClientRect();
      const x = event.clientX - left;
      const atMs = charts[panel].posToVal(x, "x");
      const value = charts[panel].posToVal(event.clientY - top, "y");
      showCrosshair(atMs);
      options.onPointer({ atMs, panel, value, linearNs });
    };
    over.addEventListener("pointermove", tell, { signal });
    over.addEventListener(
      "pointerdown",
      (event) => {
        pressedAt = event.button === 0 && !event.shiftKey ? event.clientX : undefined;
        tell(event);
      },
      { signal },
    );
    over.addEventListener(
      "click",
      (event) => {
        const still = pressedAt !== undefined && Math.abs(event.clientX - pressedAt) < 4;
        if (still && event.detail === 1 && event.pointerType === "mouse") options.onOpen();
      },
      { signal },
    );
    over.addEventListener(
      "pointerleave",
      () => {
        showCrosshair(undefined);
        options.onPointer(undefined);
      },
      { signal },
    );
    return () => abort.abort();
  }

  function showCrosshair(atMs: number | undefined): void {
    for (const panel of panels) {
      const chart = charts[panel];
      const left = atMs === undefined ? -10 : chart.valToPos(atMs, "x");
      chart.setCursor({ left, top: atMs === undefined ? -10 : 10 }, false);
    }
  }

  const scheme = matchMedia("(prefers-color-scheme: dark)");
  const retheme = (): void => {
    colours = readColours(options.offsetElement);
    apply();
  };
  const themeObserver = new MutationObserver(retheme);
  themeObserver.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  scheme.addEventListener("change", retheme);
  disposers.push(
    () => themeObserver.disconnect(),
    () => scheme.removeEventListener("change", retheme),
  );

  apply();
  return {
    update: (next) => {
      state = next;
      apply();
    },
    crosshair: showCrosshair,
    resize: () => {
      for (const panel of panels) {
        const chart = charts[panel];
        const width = chart.root.parentElement?.clientWidth ?? chart.width;
        if (width !== chart.width) chart.setSize({ width, height: chart.height });
      }
    },
    [Symbol.dispose]: () => {
      for (const dispose of disposers) dispose();
      for (const panel of panels) charts[panel].destroy();
    },
  };
}

function lineColour(colours: ChartColours, index: number, emphasised: boolean): string {
  return colours.lines[index] ?? (emphasised ? colours.accent : colours.rest);
}

const OFFSET_LEVELS: readonly Level[] = [
  { value: 0, text: "" },
  ...THRESHOLDS.flatMap(({ ns, text }) => [
    { value: ns, text: `+${text}` },
    { value: -ns, text: `−${text}` },
  ]),
];
const SCORE_LEVELS: readonly Level[] = [{ value: SCORE_NEUTRAL, text: "10" }];

function drawOffsets(canvas: Canvas, state: ChartState): void {
  const { model } = state;
  inside(canvas, () => {
    drawUnknown(canvas, model, state.loading, true);
    drawLevels(canvas, OFFSET_LEVELS);
    if (model === undefined) return;
    drawBand(canvas, model);
    drawMonitorLines(canvas, state, model, (line) => line.offsetNs);
    const values = model.median.offsetNs;
    drawLine(canvas, { atMs: model.median.atMs, values }, model.gapMs, medianStyle(canvas, state));
    drawLevelLabels(canvas, OFFSET_LEVELS);
    if (values.every((value) => Number.isNaN(value))) drawNotice(canvas, "no check gave an offset");
  });
}

/** The fleet's line steps back while one monitor is brought forward. */
function medianStyle(canvas: Canvas, state: ChartState): LineStyle {
  const width = state.emphasis === undefined ? 2 : 1.25;
  return { colour: canvas.colours.median, width, dots: false };
}

function drawMonitorLines(
  canvas: Canvas,
  state: ChartState,
  model: ChartModel,
  valuesOf: (line: ChartModel["lines"][number]) => readonly number[],
): void {
  const { emphasis } = state;
  const order = model.lines
    .map((line, index) => ({ line, index }))
    .toSorted((one, other) => rank(one) - rank(other));
  function rank(entry: {
    readonly line: { readonly key: string };
    readonly index: number;
  }): number {
    return entry.line.key === emphasis ? 2 : entry.index < canvas.colours.lines.length ? 1 : 0;
  }
  for (const { line, index } of order) {
    const emphasised = line.key === emphasis;
    canvas.context.globalAlpha = emphasis === undefined || emphasised ? 1 : 0.25;
    drawLine(canvas, { atMs: line.atMs, values: valuesOf(line) }, model.gapMs, {
      colour: lineColour(canvas.colours, index, emphasised),
      width: emphasised ? 2 : 1,
      dots: emphasised && !model.downSampled && line.atMs.length < 600,
    });
  }
  canvas.context.globalAlpha = 1;
}

function drawScores(canvas: Canvas, state: ChartState): void {
  const { model } = state;
  inside(canvas, () => {
    drawUnknown(canvas, model, state.loading, false);
    drawLevels(canvas, SCORE_LEVELS);
    if (model === undefined) return;
    drawMonitorLines(canvas, state, model, (line) => line.score);
    const { overall } = model;
    if (overall !== undefined) {
      const line = { atMs: overall.atMs, values: overall.score };
      drawLine(canvas, line, model.gapMs, medianStyle(canvas, state));
    }
    drawLevelLabels(canvas, SCORE_LEVELS);
  });
}

function drawStrip(canvas: Canvas, state: ChartState): void {
  const { model } = state;
  inside(canvas, () => {
    drawUnknown(canvas, model, state.loading, false);
    if (model === undefined) return;
    const { box } = canvas;
    const half = { ...canvas, box: { ...box, height: box.height / 2 } };
    drawFailures(half, model.lines);
    drawEvents(
      { ...canvas, box: { ...box, top: box.top + box.height / 2, height: box.height / 2 } },
      model.events,
    );
  });
}
