// What each of the three charts draws, from back to front.

import type { Zone } from "../format/instant.ts";
import type { ChartModel } from "./chart-model.ts";
import type { ChartColours } from "./colours.ts";
import {
  type Canvas,
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
import type { View } from "./view.ts";

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

/** The thresholds of the step table, with the step that begins there. */
const THRESHOLDS: readonly { readonly ns: number; readonly text: string }[] = [
  { ns: 25e6, text: "25 ms: step +1 within" },
  { ns: 100e6, text: "100 ms: step +0.5" },
  { ns: 750e6, text: "750 ms: step −1" },
  { ns: 3e9, text: "3 s: step −4 beyond" },
];
/** Below it the NTP Pool would not hand a server out. */
const SCORE_NEUTRAL = 10;

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

export function drawOffsets(canvas: Canvas, state: ChartState): void {
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

export function drawScores(canvas: Canvas, state: ChartState): void {
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

export function drawStrip(canvas: Canvas, state: ChartState): void {
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
