// Where the cells of a heat map are, in CSS pixels, and how the keys walk over them.

import type { HeatPlace } from "./heat-grid.ts";

export const ROW_HEIGHT = 24;
const CELL_WIDTH_MIN = 12;
const CELL_WIDTH_MAX = 88;
/** From here on a cell has room for its number. */
const TEXT_WIDTH_MIN = 62;
/** Names of the columns stand upright where the cells are narrower than this. */
const UPRIGHT_BELOW = 88;
const HEAD_LOW = 28;
const HEAD_HIGH = 104;

export interface HeatLayout {
  readonly cellWidth: number;
  readonly withTexts: boolean;
  /** Names of the columns are turned by a quarter. */
  readonly upright: boolean;
  readonly headHeight: number;
  readonly width: number;
  readonly height: number;
}

/** `width`: what there is for the cells; more columns than fit make the picture wider than that. */
export function layOutHeat(width: number, rows: number, columns: number): HeatLayout {
  const share = Math.floor(width / Math.max(1, columns));
  const cellWidth = Math.min(CELL_WIDTH_MAX, Math.max(CELL_WIDTH_MIN, share));
  const upright = cellWidth < UPRIGHT_BELOW;
  const headHeight = upright ? HEAD_HIGH : HEAD_LOW;
  return {
    cellWidth,
    withTexts: cellWidth >= TEXT_WIDTH_MIN,
    upright,
    headHeight,
    width: cellWidth * columns,
    height: headHeight + ROW_HEIGHT * rows,
  };
}

/** The cell under a point; undefined: the point is outside. */
export function placeAt(
  { cellWidth, headHeight, width, height }: HeatLayout,
  x: number,
  y: number,
): HeatPlace | undefined {
  if (x < 0 || x >= width || y < headHeight || y >= height) return undefined;
  return { row: Math.floor((y - headHeight) / ROW_HEIGHT), column: Math.floor(x / cellWidth) };
}

/** Where a key leads; undefined: it is no key of the picture. */
export function moveBy(
  key: string,
  from: HeatPlace | undefined,
  { rows, columns }: { readonly rows: number; readonly columns: number },
): HeatPlace | undefined {
  const steps: Readonly<Record<string, readonly [rows: number, columns: number]>> = {
    ArrowUp: [-1, 0],
    ArrowDown: [1, 0],
    ArrowLeft: [0, -1],
    ArrowRight: [0, 1],
    PageUp: [-10, 0],
    PageDown: [10, 0],
    Home: [0, -columns],
    End: [0, columns],
  };
  const step = steps[key];
  if (step === undefined) return undefined;
  if (from === undefined) return { row: 0, column: 0 };
  const within = (at: number, count: number): number => Math.max(0, Math.min(count - 1, at));
  return { row: within(from.row + step[0], rows), column: within(from.column + step[1], columns) };
}
