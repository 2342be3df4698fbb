// Drawing on a chart's canvas, in device pixels. Each function draws one thing and leaves the context as it was.

import type uPlot from "uplot";
import type { ChartModel } from "./chart-model.ts";
import type { ChartColours } from "./colours.ts";
import { pixelLines } from "./pixel-lines.ts";
import { firstAtOrAfter, type Line } from "./series.ts";
import type { View } from "./view.ts";

/** What a draw function needs to know of its chart. */
export interface Canvas {
  readonly context: CanvasRenderingContext2D;
  readonly box: {
    readonly left: number;
    readonly top: number;
    readonly width: number;
    readonly height: number;
  };
  /** Device pixels to a CSS pixel. */
  readonly ratio: number;
  readonly view: View;
  readonly x: (atMs: number) => number;
  readonly y: (value: number) => number;
  readonly colours: ChartColours;
}

/** The canvas of a chart, with its scales as functions. */
export function canvasOf(chart: uPlot, colours: ChartColours): Canvas {
  const { left, top, width, height } = chart.bbox;
  const scale = chart.scales["x"];
  const fromMs = scale?.min ?? 0;
  const toMs = scale?.max ?? 1;
  return {
    context: chart.ctx,
    box: { left, top, width, height },
    ratio: devicePixelRatio,
    view: { fromMs, toMs },
    x: (atMs) => left + ((atMs - fromMs) / (toMs - fromMs)) * width,
    y: (value) => chart.valToPos(value, "y", true),
    colours,
  };
}

/** Runs `paint` clipped to the chart's inside. */
export function inside(canvas: Canvas, paint: () => void): void {
  const { context, box } = canvas;
  context.save();
  context.beginPath();
  context.rect(box.left, box.top, box.width, box.height);
  context.clip();
  paint();
  context.restore();
}

export interface LineStyle {
  readonly colour: string;
  /** CSS pixels. */
  readonly width: number;
  readonly dots: boolean;
}

/** One line with its gaps. */
export function drawLine(
  canvas: Canvas,
  line: { readonly atMs: readonly number[]; readonly values: readonly number[] },
  gapMs: number,
  style: LineStyle,
): void {
  const { context, ratio } = canvas;
  const runs = pixelLines({ ...line, ...canvas.view, gapMs, x: canvas.x, y: canvas.y });
  context.strokeStyle = style.colour;
  context.fillStyle = style.colour;
  context.lineWidth = style.width * ratio;
  context.lineJoin = "round";
  context.beginPath();
  for (const run of runs) {
    if (run.length === 2) dot(context, run[0] ?? 0, run[1] ?? 0, style.width * ratio);
    for (let index = 0; index < run.length; index += 2) {
      const x = run[index] ?? 0;
      const y = run[index + 1] ?? 0;
      if (index === 0) context.moveTo(x, y);
      else context.lineTo(x, y);
    }
  }
  context.stroke();
  if (style.dots) for (const run of runs) dots(context, run, 2 * ratio);
}

function dots(context: CanvasRenderingContext2D, run: readonly number[], radius: number): void {
  for (let index = 0; index < run.length; index += 2) {
    dot(context, run[index] ?? 0, run[index + 1] ?? 0, radius);
  }
}

function dot(context: CanvasRenderingContext2D, x: number, y: number, radius: number): void {
  context.moveTo(x + radius, y);
  const path = new Path2D();
  path.arc(x, y, radius, 0, 2 * Math.PI);
  context.fill(path);
}

/** The fleet's bound as a band about its median. */
export function drawBand(canvas: Canvas, model: ChartModel): void {
  const { context } = canvas;
  const { atMs, offsetNs, boundNs } = model.median;
  context.fillStyle = canvas.colours.band;
  let run: number[] = [];
  const fill = (): void => {
    if (run.length > 1) {
      context.beginPath();
      for (const index of run) {
        context.lineTo(
          canvas.x(atMs[index] ?? 0),
          canvas.y((offsetNs[index] ?? 0) + (boundNs[index] ?? 0)),
        );
      }
      for (const index of run.toReversed()) {
        context.lineTo(
          canvas.x(atMs[index] ?? 0),
          canvas.y((offsetNs[index] ?? 0) - (boundNs[index] ?? 0)),
        );
      }
      context.fill();
    }
    run = [];
  };
  const last = Math.min(atMs.length - 1, firstAtOrAfter(atMs, canvas.view.toMs));
  for (
    let index = Math.max(0, firstAtOrAfter(atMs, canvas.view.fromMs) - 1);
    index <= last;
    index += 1
  ) {
    if (Number.isNaN(offsetNs[index] ?? Number.NaN) || Number.isNaN(boundNs[index] ?? Number.NaN))
      fill();
    else run.push(index);
  }
  fill();
}

export interface Level {
  readonly value: number;
  /** At the right end; empty: the line alone. */
  readonly text: string;
}

/** Labels nearer than this to one that stands already are left out. */
const LEVEL_LABEL_GAP = 15;

/** Faint levels. */
export function drawLevels(canvas: Canvas, levels: readonly Level[]): void {
  for (const { value } of levels) drawLevelLine(canvas, Math.round(canvas.y(value)));
}

/** Their values at the right end, where these have room; drawn after the lines, so that they can be read. */
export function drawLevelLabels(canvas: Canvas, levels: readonly Level[]): void {
  const { box, ratio } = canvas;
  const labelled: number[] = [];
  for (const { value, text } of levels) {
    const y = Math.round(canvas.y(value));
    if (y < box.top || y > box.top + box.height) continue;
    if (text === "" || labelled.some((other) => Math.abs(other - y) < LEVEL_LABEL_GAP * ratio))
      continue;
    labelled.push(y);
    drawLevelLabel(canvas, y, text);
  }
}

function drawLevelLine({ context, box, ratio, colours }: Canvas, y: number): void {
  context.strokeStyle = colours.hairlineStrong;
  context.lineWidth = ratio;
  context.setLineDash([2 * ratio, 4 * ratio]);
  context.beginPath();
  context.moveTo(box.left, y + 0.5);
  context.lineTo(box.left + box.width, y + 0.5);
  context.stroke();
  context.setLineDash([]);
}

function drawLevelLabel({ context, box, ratio, colours }: Canvas, y: number, text: string): void {
  const above = y - box.top > 16 * ratio;
  const x = box.left + box.width - 4 * ratio;
  context.font = scaledFont(colours.font, ratio, 11);
  context.textAlign = "right";
  context.textBaseline = above ? "bottom" : "top";
  // A halo of paper keeps it readable over lines.
  context.strokeStyle = colours.paper;
  context.lineWidth = 3 * ratio;
  context.strokeText(text, x, y + (above ? -2 : 2) * ratio);
  context.fillStyle = colours.soft;
  context.fillText(text, x, y + (above ? -2 : 2) * ratio);
}

/** The parts of the view of which nothing is known, hatched, each with the reason. */
export function drawUnknown(
  canvas: Canvas,
  model: ChartModel | undefined,
  loading: boolean,
  labelled: boolean,
): void {
  for (const part of unknownParts(canvas.view, model, loading)) drawHatched(canvas, part, labelled);
}

interface UnknownPart {
  readonly fromMs: number;
  readonly toMs: number;
  readonly text: string;
}

/** Which parts of a view are not loaded, or lie before the horizon. */
export function unknownParts(
  view: View,
  model: Pick<ChartModel, "loaded" | "horizonMs"> | undefined,
  loading: boolean,
): readonly UnknownPart[] {
  if (model === undefined) return [{ ...view, text: "loading" }];
  const horizon = model.horizonMs ?? Number.NEGATIVE_INFINITY;
  const parts: UnknownPart[] = [];
  if (view.fromMs < horizon) {
    parts.push({
      fromMs: view.fromMs,
      toMs: Math.min(horizon, view.toMs),
      text: "nothing is known from before",
    });
  }
  const { loaded } = model;
  const from = Math.max(view.fromMs, horizon);
  const text = loading ? "loading" : "not loaded";
  if (from < loaded.fromMs)
    parts.push({ fromMs: from, toMs: Math.min(loaded.fromMs, view.toMs), text });
  // A live view is always a moment ahead of its data: that is no gap in knowledge.
  const slack = (view.toMs - view.fromMs) / 50;
  if (view.toMs > loaded.toMs + slack)
    parts.push({ fromMs: Math.max(loaded.toMs, from), toMs: view.toMs, text });
  return parts.filter((part) => part.toMs > part.fromMs);
}

function drawHatched(canvas: Canvas, part: UnknownPart, labelled: boolean): void {
  const { context, box, ratio, colours } = canvas;
  const left = Math.max(box.left, canvas.x(part.fromMs));
  const right = Math.min(box.left + box.width, canvas.x(part.toMs));
  if (right - left < 1) return;
  context.save();
  context.beginPath();
  context.rect(left, box.top, right - left, box.height);
  context.clip();
  context.strokeStyle = colours.hairline;
  context.lineWidth = ratio;
  context.beginPath();
  const step = 8 * ratio;
  for (let x = Math.floor((left - box.height) / step) * step; x < right; x += step) {
    context.moveTo(x, box.top + box.height);
    context.lineTo(x + box.height, box.top);
  }
  context.stroke();
  context.font = scaledFont(colours.font, ratio, 12);
  if (labelled && right - left > context.measureText(part.text).width + 16 * ratio) {
    const middle = (left + right) / 2;
    const width = context.measureText(part.text).width;
    context.fillStyle = colours.paper;
    context.fillRect(
      middle - width / 2 - 6 * ratio,
      box.top + box.height / 2 - 10 * ratio,
      width + 12 * ratio,
      20 * ratio,
    );
    context.fillStyle = colours.soft;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText(part.text, middle, box.top + box.height / 2);
  }
  context.restore();
}

/** A few words in the middle of a chart that has nothing to draw. */
export function drawNotice({ context, box, ratio, colours }: Canvas, text: string): void {
  context.font = scaledFont(colours.font, ratio, 12);
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.strokeStyle = colours.paper;
  context.lineWidth = 6 * ratio;
  context.strokeText(text, box.left + box.width / 2, box.top + box.height / 2);
  context.fillStyle = colours.soft;
  context.fillText(text, box.left + box.width / 2, box.top + box.height / 2);
}

/** How many checks failed, column by column: the share as height. */
export function drawFailures(canvas: Canvas, lines: readonly Line[]): void {
  const { context, box, ratio, colours, view } = canvas;
  const slot = 3 * ratio;
  const slots = Math.max(1, Math.floor(box.width / slot));
  const all = new Float64Array(slots);
  const failed = new Float64Array(slots);
  for (const line of lines) {
    const to = firstAtOrAfter(line.atMs, view.toMs);
    for (let index = firstAtOrAfter(line.atMs, view.fromMs); index < to; index += 1) {
      const at = Math.floor((canvas.x(line.atMs[index] ?? 0) - box.left) / slot);
      if (at < 0 || at >= slots) continue;
      all[at] = (all[at] ?? 0) + 1;
      if (line.reasons[index] !== "") failed[at] = (failed[at] ?? 0) + 1;
    }
  }
  context.fillStyle = colours.unreachable;
  for (let at = 0; at < slots; at += 1) {
    const count = failed[at] ?? 0;
    if (count === 0) continue;
    const height = Math.max(2 * ratio, (count / (all[at] ?? 1)) * box.height);
    context.fillRect(box.left + at * slot, box.top + box.height - height, slot - ratio, height);
  }
}

/** A font declaration with its size in device pixels. */
function scaledFont(font: string, ratio: number, px: number): string {
  return font.replace(/^12px/, `${px * ratio}px`);
}
