// What has changed between two times: servers whose offsets, delays or losses have grown the most.

import type { CheckFigures } from "./check-tally.ts";
import { type HeatMeasure, heatValue } from "./heat-map.ts";

/** Figures of one server in two times. */
export interface Moved {
  readonly serverId: number;
  readonly before: CheckFigures;
  readonly after: CheckFigures;
}

export interface Mover extends Moved {
  /** How much the value of the measure has grown. Above 0. */
  readonly change: number;
}

export interface Movers {
  /** Those that have grown the most, first. */
  readonly movers: readonly Mover[];
  /** Servers that have a value in both times, whichever way they went. */
  readonly compared: number;
  readonly notCompared: number;
}

export function worstMovers(
  servers: readonly Moved[],
  { measure, moversMax }: { readonly measure: HeatMeasure; readonly moversMax: number },
): Movers {
  const changed = servers
    .map((server) => ({
      ...server,
      change: heatValue(measure, server.after) - heatValue(measure, server.before),
    }))
    .filter(({ change }) => !Number.isNaN(change));
  return {
    movers: changed
      .filter(({ change }) => change > 0)
      .toSorted((one, other) => other.change - one.change || one.serverId - other.serverId)
      .slice(0, moversMax),
    compared: changed.length,
    notCompared: servers.length - changed.length,
  };
}
