// Which check the crosshair is on: found by pointer, walked by keys.

import { symlog } from "../scale/symlog.ts";
import type { ChartModel } from "./chart-model.ts";
import type { PointerAt } from "./chart-pointer.ts";
import { type Line, nearestIndex } from "./series.ts";

export interface Cursor {
  readonly line: Line;
  readonly index: number;
  readonly atMs: number;
}

/** The check nearest to the pointer: first in time on each line, then the line nearest in height. */
export function cursorAtPointer(model: ChartModel, pointer: PointerAt): Cursor | undefined {
  let best: (Cursor & { readonly distance: number }) | undefined;
  for (const line of model.lines) {
    const index = nearestIndex(line.atMs, pointer.atMs);
    if (index === undefined) continue;
    const atMs = line.atMs[index] ?? 0;
    if (Math.abs(atMs - pointer.atMs) > model.gapMs) continue;
    const distance = heightDistance(line, index, pointer);
    if (best === undefined || distance < best.distance) best = { line, index, atMs, distance };
  }
  return best;
}

function heightDistance(line: Line, index: number, pointer: PointerAt): number {
  if (pointer.panel === "strip") return line.reasons[index] === "" ? 1 : 0;
  const value = pointer.panel === "offset" ? line.offsetNs[index] : line.score[index];
  if (value === undefined || Number.isNaN(value)) return Number.MAX_VALUE;
  if (pointer.panel === "score") return Math.abs(value - pointer.value);
  return Math.abs(symlog(value, pointer.linearNs) - symlog(pointer.value, pointer.linearNs));
}

/** The check `by` places further on the same line. */
export function cursorMoved(cursor: Cursor, by: number): Cursor {
  const { line } = cursor;
  const index = Math.min(line.atMs.length - 1, Math.max(0, cursor.index + by));
  return { line, index, atMs: line.atMs[index] ?? cursor.atMs };
}

/** The same instant on the next line that has data. */
export function cursorOnNextLine(model: ChartModel, cursor: Cursor, by: 1 | -1): Cursor {
  const at = model.lines.findIndex((line) => line.key === cursor.line.key);
  const count = model.lines.length;
  for (let step = 1; step <= count; step += 1) {
    const line = model.lines[(at + by * step + count * step) % count];
    const index = line === undefined ? undefined : nearestIndex(line.atMs, cursor.atMs);
    if (line !== undefined && index !== undefined)
      return { line, index, atMs: line.atMs[index] ?? 0 };
  }
  return cursor;
}

/** Where keys begin: the newest check of the chosen line, or of the first. */
export function firstCursor(
  model: ChartModel,
  key: string | undefined,
  toMs: number,
): Cursor | undefined {
  const line =
    model.lines.find((one) => one.key === key) ?? model.lines.find((one) => one.atMs.length > 0);
  const index = line === undefined ? undefined : nearestIndex(line.atMs, toMs);
  return line === undefined || index === undefined
    ? undefined
    : { line, index, atMs: line.atMs[index] ?? 0 };
}
