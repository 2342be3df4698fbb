// One chart: uPlot for canvas, axes, selection and crosshair; everything on it is drawn by ourselves.

import uPlot from "uplot";
import { symlog, symlogInverse } from "../scale/symlog.ts";
import type { ChartColours } from "./colours.ts";
import type { View } from "./view.ts";

export interface PanelOptions {
  readonly element: HTMLElement;
  readonly height: number;
  /** How much of a symmetrical logarithmic scale is linear; undefined: the scale is plain. */
  readonly linearNs: (() => number) | undefined;
  /** The bottom chart carries the times. */
  readonly withTimes: boolean;
  readonly yTicks: (low: number, high: number, pixels: number) => readonly number[];
  readonly yText: (value: number) => string;
  readonly xTicks: (
    view: View,
    pixels: number,
  ) => readonly { readonly atMs: number; readonly text: string }[];
  readonly colours: () => ChartColours;
  readonly draw: (chart: uPlot) => void;
  readonly onSelect: (view: View) => void;
  readonly onReset: () => void;
  readonly onPanStart: (over: HTMLElement, event: MouseEvent) => void;
}

/** Room for the longest offset on the left. */
const Y_AXIS_WIDTH = 76;
const Y_AXIS_WIDTH_NARROW = 68;
const X_AXIS_HEIGHT = 32;
const X_TICK_PIXELS = 90;
const X_LABEL_HALF = 14;

export function createPanel(options: PanelOptions): uPlot {
  const panel = new uPlot(
    uplotOptions(options),
    [
      [0, 1],
      [null, null],
    ],
    options.element,
  );
  return panel;
}

/** Below it the axis is narrower. */
export function yAxisWidth(width: number): number {
  return width < 560 ? Y_AXIS_WIDTH_NARROW : Y_AXIS_WIDTH;
}

/** A label at the very edge would be cut. */
function fits(chart: uPlot, atMs: number): boolean {
  return chart.valToPos(atMs, "x") < chart.bbox.width / devicePixelRatio - X_LABEL_HALF;
}

function offsetScale(linearNs: (() => number) | undefined): uPlot.Scale {
  if (linearNs === undefined) return { auto: false };
  return {
    auto: false,
    distr: 100,
    fwd: (ns) => symlog(ns, linearNs()),
    bwd: (decades) => symlogInverse(decades, linearNs()),
  };
}

function uplotOptions(options: PanelOptions): uPlot.Options {
  const { colours } = options;
  const width = options.element.clientWidth;
  return {
    width,
    height: options.height,
    ms: 1,
    padding: [8, 8, options.withTimes ? 0 : 8, 0],
    legend: { show: false },
    cursor: {
      y: false,
      points: { show: false },
      drag: { x: true, y: false, setScale: false },
      bind: {
        mousedown: (chart, _target, handler) => (event) => {
          if (event.shiftKey) options.onPanStart(chart.over, event);
          else handler(event);
          return null;
        },
        dblclick: () => () => {
          options.onReset();
          return null;
        },
      },
    },
    scales: {
      x: { time: false, auto: false },
      y: offsetScale(options.linearNs),
    },
    series: [{}, { paths: () => null, points: { show: false } }],
    axes: [timeAxis(options), valueAxis(options)],
    hooks: {
      draw: [options.draw],
      setSelect: [
        (chart) => {
          const { left, width: selected } = chart.select;
          if (selected < 4) return;
          const view = {
            fromMs: chart.posToVal(left, "x"),
            toMs: chart.posToVal(left + selected, "x"),
          };
          chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          options.onSelect(view);
        },
      ],
    },
  };

  function timeAxis({ withTimes, xTicks }: PanelOptions): uPlot.Axis {
    const ticks = (chart: uPlot): ReturnType<typeof xTicks> => {
      const scale = chart.scales["x"];
      return xTicks(
        { fromMs: scale?.min ?? 0, toMs: scale?.max ?? 1 },
        chart.bbox.width / devicePixelRatio / X_TICK_PIXELS,
      );
    };
    return {
      side: 2,
      show: true,
      size: withTimes ? X_AXIS_HEIGHT : 0,
      stroke: () => colours().soft,
      font: colours().font,
      grid: { stroke: () => colours().hairline, width: 1 },
      ticks: { show: withTimes, stroke: () => colours().hairlineStrong, width: 1, size: 4 },
      splits: (chart) => ticks(chart).map((tick) => tick.atMs),
      values: (chart) =>
        withTimes ? ticks(chart).map(({ atMs, text }) => (fits(chart, atMs) ? text : "")) : [],
    };
  }

  function valueAxis({ yTicks, yText }: PanelOptions): uPlot.Axis {
    return {
      side: 3,
      size: yAxisWidth(width),
      stroke: () => colours().soft,
      font: colours().font,
      grid: { stroke: () => colours().hairline, width: 1 },
      ticks: { show: false },
      splits: (chart) => {
        const scale = chart.scales["y"];
        return [...yTicks(scale?.min ?? 0, scale?.max ?? 1, chart.bbox.height / devicePixelRatio)];
      },
      values: (_chart, splits) => splits.map(yText),
      filter: (_chart, splits) => splits,
    };
  }
}
