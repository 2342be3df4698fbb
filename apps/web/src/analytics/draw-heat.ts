// The cells of a heat map on a canvas, with the names of its columns.

import type { ChartColours } from "../history/colours.ts";
import { figuresValue, type HeatGrid, type HeatPlace } from "./heat-grid.ts";
import { type HeatLayout, ROW_HEIGHT } from "./heat-layout.ts";
import { heatStep, valueText } from "./heat-scale.ts";

const GAP = 1;

export interface HeatDrawing {
  readonly context: CanvasRenderingContext2D;
  readonly grid: HeatGrid;
  readonly layout: HeatLayout;
  readonly colours: ChartColours;
  readonly cursor: HeatPlace | undefined;
  readonly opened: HeatPlace | undefined;
}

export function drawHeat(drawing: HeatDrawing): void {
  const { context, grid, layout, colours } = drawing;
  context.clearRect(0, 0, layout.width, layout.height);
  context.font = colours.font;
  drawHead(drawing);
  for (const row of grid.rows.keys()) {
    for (const column of grid.columns.keys()) drawCell(drawing, { row, column });
  }
  if (drawing.opened !== undefined) outline(drawing, drawing.opened, 3);
  if (drawing.cursor !== undefined) outline(drawing, drawing.cursor, 2);
}

function drawCell(drawing: HeatDrawing, place: HeatPlace): void {
  const { context, grid, layout, colours } = drawing;
  const figures = grid.figuresAt(place);
  if (figures === undefined) return;
  const { x, y, width, height } = boxOf(layout, place);
  const value = figuresValue(grid.measure, figures);
  const step = heatStep(grid.measure, value);
  if (value === undefined || step === undefined) {
    hatch(drawing, { x, y, width, height });
    return;
  }
  context.fillStyle = colours.heat[step] ?? colours.paper;
  context.fillRect(x, y, width, height);
  if (!layout.withTexts) return;
  context.fillStyle = colours.onHeat[step] ?? colours.ink;
  context.textAlign = "right";
  context.textBaseline = "middle";
  context.fillText(valueText(grid.measure, value), x + width - 6, y + height / 2 + 1);
}

/** Checked, and nothing measured. */
function hatch(
  { context, colours }: HeatDrawing,
  box: { readonly x: number; readonly y: number; readonly width: number; readonly height: number },
): void {
  context.save();
  context.beginPath();
  context.rect(box.x, box.y, box.width, box.height);
  context.clip();
  context.strokeStyle = colours.unreachable;
  context.beginPath();
  for (let x = box.x - box.height; x < box.x + box.width; x += 6) {
    context.moveTo(x, box.y + box.height);
    context.lineTo(x + box.height, box.y);
  }
  context.stroke();
  context.restore();
}

function drawHead({ context, grid, layout, colours, cursor }: HeatDrawing): void {
  for (const [column, { name }] of grid.columns.entries()) {
    context.fillStyle = cursor?.column === column ? colours.ink : colours.soft;
    const middle = (column + 0.5) * layout.cellWidth;
    const room = layout.upright ? layout.headHeight - 10 : layout.cellWidth - 8;
    const text = shortened(context, name, room);
    context.save();
    if (layout.upright) {
      context.translate(middle, layout.headHeight - 6);
      context.rotate(-Math.PI / 2);
      context.textAlign = "left";
      context.textBaseline = "middle";
      context.fillText(text, 0, 1);
    } else {
      context.textAlign = "center";
      context.textBaseline = "bottom";
      context.fillText(text, middle, layout.headHeight - 6);
    }
    context.restore();
  }
}

function shortened(context: CanvasRenderingContext2D, text: string, width: number): string {
  if (context.measureText(text).width <= width) return text;
  for (let length = text.length - 1; length > 0; length -= 1) {
    const short = `${text.slice(0, length)}…`;
    if (context.measureText(short).width <= width) return short;
  }
  return "…";
}

function outline({ context, layout, colours }: HeatDrawing, place: HeatPlace, width: number): void {
  const box = boxOf(layout, place);
  context.strokeStyle = colours.ink;
  context.lineWidth = width;
  context.strokeRect(box.x + 1, box.y + 1, box.width - 2, box.height - 2);
  context.lineWidth = 1;
}

function boxOf(
  { cellWidth, headHeight }: HeatLayout,
  { row, column }: HeatPlace,
): { readonly x: number; readonly y: number; readonly width: number; readonly height: number } {
  return {
    x: column * cellWidth,
    y: headHeight + row * ROW_HEIGHT,
    width: cellWidth - GAP,
    height: ROW_HEIGHT - GAP,
  };
}
