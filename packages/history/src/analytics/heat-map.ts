// Servers by monitors: which of the two, or the path between them, is it? A bad row is a server, a bad column a monitor,
// a bad cell alone a path. Bounded: the worst servers and monitors are kept, and how many there are is told.

import { type CheckFigures, lossOf } from "./check-tally.ts";
import { medianOf } from "./median-of.ts";

/** What a cell is coloured and ordered by: the median of the offsets without their signs, the median delay, the loss. */
export type HeatMeasure = "offset" | "delay" | "loss";

/** One server by one monitor. */
export interface HeatCell {
  readonly serverId: number;
  readonly monitorId: number;
  readonly figures: CheckFigures;
}

/** A row or a column: the median of its cells, which one bad cell does not move. */
export interface HeatLine {
  readonly id: number;
  /** In the unit of the measure: nanoseconds, or a share from 0 to 1. NaN: no cell has one. */
  readonly value: number;
  readonly cells: number;
  readonly checks: number;
}

export interface HeatMap {
  /** Worst first; those without a value at the end. */
  readonly servers: readonly HeatLine[];
  readonly monitors: readonly HeatLine[];
  readonly serversTotal: number;
  readonly monitorsTotal: number;
  /** Of those servers and monitors, by row and then by column. A pair that was never checked has none. */
  readonly cells: readonly HeatCell[];
  /** Of all pairs, those that are left out of `cells` included: the worst, worst first. */
  readonly worst: readonly HeatCell[];
}

export interface HeatLimits {
  readonly measure: HeatMeasure;
  readonly serversMax: number;
  readonly monitorsMax: number;
  readonly worstMax: number;
}

/** What a cell is worth in its measure. NaN: nothing was measured. */
export function heatValue(measure: HeatMeasure, figures: CheckFigures): number {
  if (measure === "offset") return figures.absOffsetNs;
  return measure === "delay" ? figures.rttNs : lossOf(figures);
}

/** At most one cell a pair. */
export function heatMap(cells: readonly HeatCell[], limits: HeatLimits): HeatMap {
  const { measure } = limits;
  const servers = linesOf(cells, measure, ({ serverId }) => serverId);
  const monitors = linesOf(cells, measure, ({ monitorId }) => monitorId);
  const rows = placesOf(servers.slice(0, limits.serversMax));
  const columns = placesOf(monitors.slice(0, limits.monitorsMax));
  const shown = cells.filter((cell) => rows.has(cell.serverId) && columns.has(cell.monitorId));
  return {
    servers: servers.slice(0, limits.serversMax),
    monitors: monitors.slice(0, limits.monitorsMax),
    serversTotal: servers.length,
    monitorsTotal: monitors.length,
    cells: shown.toSorted(
      (one, other) =>
        (rows.get(one.serverId) as number) - (rows.get(other.serverId) as number) ||
        (columns.get(one.monitorId) as number) - (columns.get(other.monitorId) as number),
    ),
    worst: cells
      .filter(({ figures }) => !Number.isNaN(heatValue(measure, figures)))
      .toSorted((one, other) => {
        const difference = heatValue(measure, other.figures) - heatValue(measure, one.figures);
        return difference || one.serverId - other.serverId || one.monitorId - other.monitorId;
      })
      .slice(0, limits.worstMax),
  };
}

function linesOf(
  cells: readonly HeatCell[],
  measure: HeatMeasure,
  idOf: (cell: HeatCell) => number,
): readonly HeatLine[] {
  return [...Map.groupBy(cells, idOf)]
    .map(([id, own]) => ({
      id,
      value: medianOf(own.map(({ figures }) => heatValue(measure, figures))),
      cells: own.length,
      checks: own.reduce((sum, { figures }) => sum + figures.checks, 0),
    }))
    .toSorted((one, other) => rankOf(other.value) - rankOf(one.value) || one.id - other.id);
}

/** Without a value is behind all that have one, and not between them. */
function rankOf(value: number): number {
  return Number.isNaN(value) ? -1 : value;
}

function placesOf(lines: readonly HeatLine[]): ReadonlyMap<number, number> {
  return new Map(lines.map(({ id }, at) => [id, at]));
}
