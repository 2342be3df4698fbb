// One panel of a comparison on a canvas: lines over time, with their extremes as a faint band, and a crosshair.

import type { Zone } from "../format/instant.ts";
import { formatShare } from "../format/number.ts";
import { formatSpan, formatTick } from "../format/offset.ts";
import type { ChartColours } from "../history/colours.ts";
import { pixelLines } from "../history/pixel-lines.ts";
import { linearTicks, offsetTicks, timeTicks } from "../history/ticks.ts";
import type { View } from "../history/view.ts";
import { offsetRangeOf } from "../history/y-range.ts";
import { symlog } from "../scale/symlog.ts";
import type { ComparedLine } from "./compare-model.ts";

export type PanelKind = "offset" | "rtt" | "loss";

export const PANEL_LEFT = 72;
const RIGHT = 8;
const TOP = 8;
const FOOT = 24;
const TICK_GAP = 28;
const TIME_TICK_PIXELS = 96;
const AIR = 1.08;
/** Points so many times further apart than usual are not joined. */
const GAP_FACTOR = 2.5;

export interface PanelDrawing {
  readonly context: CanvasRenderingContext2D;
  readonly kind: PanelKind;
  readonly width: number;
  readonly height: number;
  readonly lines: readonly ComparedLine[];
  readonly view: View;
  readonly bucketMs: number;
  readonly cursorMs: number | undefined;
  readonly zone: Zone;
  readonly colours: ChartColours;
}

/** An instant from a place on a panel; undefined: beside it. */
export function instantAt(x: number, width: number, { fromMs, toMs }: View): number | undefined {
  const share = (x - PANEL_LEFT) / (width - PANEL_LEFT - RIGHT);
  return share < 0 || share > 1 ? undefined : fromMs + share * (toMs - fromMs);
}

export function drawPanel(drawing: PanelDrawing): void {
  const { context, width, height, lines, view, colours, kind } = drawing;
  context.clearRect(0, 0, width, height);
  context.font = colours.font;
  const x = (atMs: number): number =>
    PANEL_LEFT + ((atMs - view.fromMs) / (view.toMs - view.fromMs)) * (width - PANEL_LEFT - RIGHT);
  const scale = scaleOf(drawing);
  drawAxes(drawing, { x, scale });
  context.save();
  context.beginPath();
  context.rect(PANEL_LEFT, 0, width - PANEL_LEFT - RIGHT, height - FOOT + 2);
  context.clip();
  const middle = (atMs: number): number => x(atMs + drawing.bucketMs / 2);
  for (const [at, line] of lines.entries()) {
    context.strokeStyle = colours.lines[at] ?? colours.rest;
    context.fillStyle = context.strokeStyle;
    if (kind === "offset") drawBand(drawing, line, { x: middle, y: scale.y });
    drawLine(drawing, { atMs: line.atMs, values: valuesOf(line, kind) }, { x: middle, y: scale.y });
  }
  context.restore();
  if (drawing.cursorMs !== undefined) drawCursor(drawing, middle(drawing.cursorMs));
}

function valuesOf(line: ComparedLine, kind: PanelKind): readonly number[] {
  if (kind === "offset") return line.offsetNs;
  return kind === "rtt" ? line.rttNs : line.loss;
}

interface Scale {
  readonly y: (value: number) => number;
  readonly ticks: readonly number[];
  readonly text: (value: number) => string;
}

function scaleOf({ kind, lines, height }: PanelDrawing): Scale {
  const room = height - TOP - FOOT;
  const known = lines
    .flatMap((line) => valuesOf(line, kind))
    .filter((value) => !Number.isNaN(value));
  if (kind === "offset") {
    const { low, high, linearNs } = offsetRangeOf(Float64Array.from(known).toSorted(), 0, false);
    const [from, to] = [symlog(low, linearNs), symlog(high, linearNs)];
    return {
      y: (ns) => TOP + room * (1 - (symlog(ns, linearNs) - from) / (to - from)),
      ticks: offsetTicks({ lowNs: low, highNs: high, linearNs, pixels: room, gap: TICK_GAP }),
      text: formatTick,
    };
  }
  const least = kind === "rtt" ? 1_000 : 0.01;
  const top =
    AIR *
    Math.max(
      least,
      known.reduce((one, other) => Math.max(one, other), 0),
    );
  return {
    y: (value) => TOP + room * (1 - value / top),
    ticks: linearTicks(0, top, room / TICK_GAP),
    text: kind === "rtt" ? (ns) => (ns === 0 ? "0" : formatSpan(ns)) : formatShare,
  };
}

function drawAxes(
  { context, width, height, view, zone, colours }: PanelDrawing,
  { x, scale }: { readonly x: (atMs: number) => number; readonly scale: Scale },
): void {
  context.lineWidth = 1;
  context.textBaseline = "middle";
  context.textAlign = "right";
  for (const tick of scale.ticks) {
    const y = Math.round(scale.y(tick)) + 0.5;
    stroke(context, tick === 0 ? colours.hairlineStrong : colours.hairline, () => {
      context.moveTo(PANEL_LEFT, y);
      context.lineTo(width - RIGHT, y);
    });
    context.fillStyle = colours.soft;
    context.fillText(scale.text(tick), PANEL_LEFT - 8, y);
  }
  context.textAlign = "center";
  context.textBaseline = "top";
  const count = (width - PANEL_LEFT) / TIME_TICK_PIXELS;
  for (const { atMs, text } of timeTicks(view.fromMs, view.toMs, count, zone)) {
    const at = Math.round(x(atMs)) + 0.5;
    stroke(context, colours.hairline, () => {
      context.moveTo(at, TOP);
      context.lineTo(at, height - FOOT);
    });
    context.fillStyle = colours.soft;
    if (at > PANEL_LEFT + 16 && at < width - 20) context.fillText(text, at, height - FOOT + 6);
  }
}

interface Place {
  readonly x: (atMs: number) => number;
  readonly y: (value: number) => number;
}

/** From the least to the greatest offset of each bucket. */
function drawBand({ context, bucketMs }: PanelDrawing, line: ComparedLine, { x, y }: Place): void {
  const half = Math.max(1, (x(bucketMs) - x(0)) / 2);
  context.globalAlpha = 0.14;
  for (const [index, atMs] of line.atMs.entries()) {
    const top = y(line.greatestNs[index] ?? Number.NaN);
    const bottom = y(line.leastNs[index] ?? Number.NaN);
    if (Number.isNaN(top) || Number.isNaN(bottom)) continue;
    context.fillRect(x(atMs) - half, top, 2 * half, Math.max(1, bottom - top));
  }
  context.globalAlpha = 1;
}

function drawLine(
  { context, view, bucketMs }: PanelDrawing,
  line: { readonly atMs: readonly number[]; readonly values: readonly number[] },
  place: Place,
): void {
  context.lineWidth = 1.5;
  context.lineJoin = "round";
  const gapMs = GAP_FACTOR * Math.max(bucketMs, usualDistance(line.atMs));
  for (const run of pixelLines({ ...line, ...view, gapMs, ...place })) {
    if (run.length === 2) context.fillRect((run[0] ?? 0) - 1.5, (run[1] ?? 0) - 1.5, 3, 3);
    context.beginPath();
    for (let at = 0; at < run.length; at += 2) context.lineTo(run[at] ?? 0, run[at + 1] ?? 0);
    context.stroke();
  }
}

/** Checks may be further apart than buckets are long. */
function usualDistance(atMs: readonly number[]): number {
  const distances = atMs.slice(1).map((ms, index) => ms - (atMs[index] ?? 0));
  return distances.toSorted((one, other) => one - other)[distances.length >> 1] ?? 0;
}

function drawCursor({ context, height, colours }: PanelDrawing, x: number): void {
  stroke(context, colours.soft, () => {
    context.moveTo(Math.round(x) + 0.5, TOP);
    context.lineTo(Math.round(x) + 0.5, height - FOOT);
  });
}

function stroke(context: CanvasRenderingContext2D, colour: string, path: () => void): void {
  context.strokeStyle = colour;
  context.beginPath();
  path();
  context.stroke();
}
