// From a hundred thousand points to what a screen can show: within each column of pixels the first, the least, the
// greatest and the last value survive, so that no extreme is lost; a gap in the data stays a gap in the line.

import { firstAtOrAfter } from "./series.ts";

export interface PixelLineInput {
  readonly atMs: readonly number[];
  /** NaN is no value: it ends the line. */
  readonly values: readonly number[];
  readonly fromMs: number;
  readonly toMs: number;
  /** Two points further apart than this are not joined. */
  readonly gapMs: number;
  readonly x: (atMs: number) => number;
  readonly y: (value: number) => number;
}

/** Each line as x, y, x, y, … in pixels; a lone point is a line of one. */
export function pixelLines(input: PixelLineInput): readonly (readonly number[])[] {
  const { atMs, values, gapMs } = input;
  const lines: number[][] = [];
  let column = newColumn(Number.NaN, 0);
  let line: number[] = [];
  let beforeMs = Number.NEGATIVE_INFINITY;

  const endColumn = (): void => {
    if (!Number.isNaN(column.x)) pushColumn(line, column);
    column = newColumn(Number.NaN, 0);
  };
  const endLine = (): void => {
    endColumn();
    if (line.length > 0) lines.push(line);
    line = [];
  };

  // One point on either side of the view, so that lines leave it instead of ending in it.
  const first = Math.max(0, firstAtOrAfter(atMs, input.fromMs) - 1);
  const last = Math.min(atMs.length - 1, firstAtOrAfter(atMs, input.toMs));
  for (let index = first; index <= last; index += 1) {
    const at = atMs[index] ?? 0;
    const value = values[index] ?? Number.NaN;
    if (Number.isNaN(value)) {
      endLine();
      continue;
    }
    if (at - beforeMs > gapMs) endLine();
    beforeMs = at;
    const x = Math.round(input.x(at));
    const y = input.y(value);
    if (x === column.x) widen(column, y);
    else {
      endColumn();
      column = newColumn(x, y);
    }
  }
  endLine();
  return lines;
}

interface Column {
  readonly x: number;
  readonly first: number;
  low: number;
  high: number;
  last: number;
}

function newColumn(x: number, y: number): Column {
  return { x, first: y, low: y, high: y, last: y };
}

function widen(column: Column, y: number): void {
  column.low = Math.min(column.low, y);
  column.high = Math.max(column.high, y);
  column.last = y;
}

function pushColumn(line: number[], column: Column): void {
  line.push(column.x, column.first);
  if (column.low < Math.min(column.first, column.last)) line.push(column.x, column.low);
  if (column.high > Math.max(column.first, column.last)) line.push(column.x, column.high);
  if (column.last !== column.first) line.push(column.x, column.last);
}
