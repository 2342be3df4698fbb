// A heat map of the wire as a grid: rows, columns, and the cell at each place.

import type { analyticsV1 } from "@truechimer/api";
import { type VerdictName, verdictName } from "../parts/words.ts";
import type { MeasureFacts } from "./heat-scale.ts";

export interface HeatRow {
  readonly id: bigint;
  readonly name: string;
  readonly verdict: VerdictName;
  /** Median of its cells. Undefined: none has a value. */
  readonly value: number | undefined;
}

export interface HeatColumn {
  readonly id: bigint;
  readonly name: string;
  readonly value: number | undefined;
}

export interface HeatPlace {
  readonly row: number;
  readonly column: number;
}

export interface HeatGrid {
  readonly measure: MeasureFacts;
  readonly rows: readonly HeatRow[];
  readonly columns: readonly HeatColumn[];
  /** Undefined: the pair was never checked. */
  readonly figuresAt: (place: HeatPlace) => analyticsV1.CheckFigures | undefined;
}

export function heatGrid(map: analyticsV1.GetHeatMapResponse, measure: MeasureFacts): HeatGrid {
  const width = map.monitors.length;
  const figures = new Map(
    map.cells.map((cell) => [cell.server * width + cell.monitor, cell.figures]),
  );
  return {
    measure,
    rows: map.servers.map(({ id, name, verdict, value }) => ({
      id,
      name,
      verdict: verdictName(verdict),
      value,
    })),
    columns: map.monitors.map(({ id, name, value }) => ({ id, name, value })),
    figuresAt: ({ row, column }) => figures.get(row * width + column),
  };
}

/** Of a cell. Undefined: nothing was measured. */
export function figuresValue(
  { name }: MeasureFacts,
  figures: analyticsV1.CheckFigures | undefined,
): number | undefined {
  if (figures === undefined) return undefined;
  if (name === "offset") return numberOf(figures.absOffsetNs);
  return name === "delay" ? numberOf(figures.rttNs) : lossOf(figures);
}

/** Share of the samples without an answer. Undefined: none was sent. */
export function lossOf(figures: analyticsV1.CheckFigures): number | undefined {
  const sent = Number(figures.samplesSent);
  return sent === 0 ? undefined : 1 - Number(figures.samplesAnswered) / sent;
}

/** Which of the three it is, when something is beyond the limit. */
export interface Suspects {
  /** Servers that are beyond it for most of their monitors. */
  readonly servers: readonly HeatRow[];
  /** Monitors that find most of the other servers beyond it. */
  readonly monitors: readonly HeatColumn[];
  /** Single pairs of servers and monitors that are neither. */
  readonly paths: readonly HeatPlace[];
}

/** A bad row is the server, a bad column the monitor, a bad cell alone the path between the two. */
export function suspectsOf(grid: HeatGrid): Suspects {
  const isBad = (value: number | undefined): boolean =>
    value !== undefined && value >= grid.measure.limit;
  const badRow = grid.rows.map(({ value }) => isBad(value));
  const cellBad = (place: HeatPlace): boolean =>
    isBad(figuresValue(grid.measure, grid.figuresAt(place)));
  const goodRows = [...grid.rows.keys()].filter((row) => badRow[row] === false);
  const badColumn = grid.columns.map((_column, column) => {
    const places = goodRows
      .map((row) => ({ row, column }))
      .filter((place) => figuresValue(grid.measure, grid.figuresAt(place)) !== undefined);
    // One cell says nothing of which of the two it is.
    return places.length > 1 && 2 * places.filter(cellBad).length > places.length;
  });
  const goodColumns = [...grid.columns.keys()].filter((column) => badColumn[column] === false);
  return {
    servers: grid.rows.filter((_row, at) => badRow[at] === true),
    monitors: grid.columns.filter((_column, at) => badColumn[at] === true),
    paths: goodRows.flatMap((row) =>
      goodColumns.map((column) => ({ row, column })).filter(cellBad),
    ),
  };
}

function numberOf(value: bigint | undefined): number | undefined {
  return value === undefined ? undefined : Number(value);
}
