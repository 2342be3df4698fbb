// Offset, score and failures over one time axis with one crosshair. The only file that holds uPlot charts; loaded when
// a server's page is opened.

import "uplot/dist/uPlot.min.css";
import type uPlot from "uplot";
import { formatFixed } from "../format/number.ts";
import { formatTick } from "../format/offset.ts";
import { LINEAR_NS } from "../scale/symlog.ts";
import { type ChartState, drawOffsets, drawScores, drawStrip } from "./chart-drawings.ts";
import { createPanel, type PanelOptions } from "./chart-panel.ts";
import { listenToPointer, type Panel, type PointerAt } from "./chart-pointer.ts";
import { readColours, watchTheme } from "./colours.ts";
import { canvasOf } from "./draw.ts";
import { type GestureTarget, listenToGestures, startPan } from "./gestures.ts";
import { linearTicks, offsetTicks, timeTicks } from "./ticks.ts";
import type { View } from "./view.ts";
import { offsetRange, scoreRange } from "./y-range.ts";

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

const PANELS: readonly Panel[] = ["offset", "score", "strip"];

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

  const charts = createPanels(options, {
    state: () => state,
    colours: () => colours,
    linearNs: () => linearNs,
    target,
  });

  const apply = (): void => {
    const { view, model } = state;
    const offset = offsetRange(model, view, state.limitNs, state.full);
    const score = scoreRange(model, view);
    linearNs = offset.linearNs;
    const ranges = { offset, score, strip: { low: 0, high: 1 } };
    for (const panel of PANELS) {
      const chart = charts[panel];
      chart.batch(() => {
        chart.setScale("x", { min: view.fromMs, max: view.toMs });
        chart.setScale("y", { min: ranges[panel].low, max: ranges[panel].high });
        chart.redraw(false, true);
      });
    }
  };

  for (const panel of PANELS) {
    const { over } = charts[panel];
    over.classList.add("chart-over");
    const stopPointer = listenToPointer(over, {
      onMove: (x, y) => {
        const atMs = charts[panel].posToVal(x, "x");
        showCrosshair(atMs);
        options.onPointer({ atMs, panel, value: charts[panel].posToVal(y, "y"), linearNs });
      },
      onLeave: () => {
        showCrosshair(undefined);
        options.onPointer(undefined);
      },
      onOpen: options.onOpen,
    });
    disposers.push(listenToGestures(over, target), stopPointer);
  }

  function showCrosshair(atMs: number | undefined): void {
    for (const panel of PANELS) {
      const chart = charts[panel];
      const left = atMs === undefined ? -10 : chart.valToPos(atMs, "x");
      chart.setCursor({ left, top: atMs === undefined ? -10 : 10 }, false);
    }
  }

  const stopTheme = watchTheme(() => {
    colours = readColours(options.offsetElement);
    apply();
  });
  disposers.push(stopTheme);

  apply();
  return {
    update: (next) => {
      state = next;
      apply();
    },
    crosshair: showCrosshair,
    resize: () => {
      for (const panel of PANELS) {
        const chart = charts[panel];
        const width = chart.root.parentElement?.clientWidth ?? chart.width;
        if (width !== chart.width) chart.setSize({ width, height: chart.height });
      }
    },
    [Symbol.dispose]: () => {
      for (const dispose of disposers) dispose();
      for (const panel of PANELS) charts[panel].destroy();
    },
  };
}

interface PanelContext {
  readonly state: () => ChartState;
  readonly colours: PanelOptions["colours"];
  readonly linearNs: () => number;
  readonly target: GestureTarget;
}

function createPanels(
  options: ChartStackOptions,
  context: PanelContext,
): Readonly<Record<Panel, uPlot>> {
  const { state, colours, linearNs, target } = context;
  const common = {
    colours,
    xTicks: (view: View, count: number) => timeTicks(view.fromMs, view.toMs, count, state().zone),
    onSelect: (view: View) => target.change(view, true),
    onReset: options.onReset,
    onPanStart: (over: HTMLElement, event: MouseEvent) => startPan(over, event, target),
  };
  return {
    offset: createPanel({
      ...common,
      element: options.offsetElement,
      height: OFFSET_HEIGHT,
      linearNs,
      withTimes: false,
      yTicks: (lowNs, highNs, pixels) =>
        offsetTicks({ lowNs, highNs, linearNs: linearNs(), pixels, gap: TICK_GAP }),
      yText: formatTick,
      draw: (chart) => drawOffsets(canvasOf(chart, colours()), state()),
    }),
    score: createPanel({
      ...common,
      element: options.scoreElement,
      height: SCORE_HEIGHT,
      linearNs: undefined,
      withTimes: false,
      yTicks: (low, high, pixels) => linearTicks(low, Math.min(high, 20), pixels / (TICK_GAP + 6)),
      yText: (value) => formatFixed(value, 0),
      draw: (chart) => drawScores(canvasOf(chart, colours()), state()),
    }),
    strip: createPanel({
      ...common,
      element: options.stripElement,
      height: STRIP_HEIGHT,
      linearNs: undefined,
      withTimes: true,
      yTicks: () => [],
      yText: () => "",
      draw: (chart) => drawStrip(canvasOf(chart, colours()), state()),
    }),
  };
}
