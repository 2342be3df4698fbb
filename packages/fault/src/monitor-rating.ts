// How good a monitor is as a witness, by what others see of the same servers: its own clock, and what it loses that they do
// not.

import type { PairView } from "./pair-view.ts";
import { median, spreadInPlace } from "./robust.ts";
import { type Pair, pairAt } from "./scope.ts";

/** What is known of a monitor as a witness. */
export interface MonitorRating {
  /**
   * How far its clock is ahead of what its servers say by all others, nanoseconds. Undefined: fewer than three servers
   * that two others see as well.
   */
  readonly clockOffsetNs: number | undefined;
  /** Standard error of it, standing asymmetries of the paths included. */
  readonly clockErrorNs: number | undefined;
  /** Servers that it was compared by. */
  readonly servers: number;
  /** Its share of requests lost now, and what others lose at the same servers. Undefined: nothing was sent. */
  readonly loss: number | undefined;
  readonly othersLoss: number | undefined;
}

const SERVERS_MIN = 3;
const OTHERS_MIN = 2;

/** By id of the monitor. */
export function rateMonitors(
  pairs: readonly Pair[],
  views: readonly PairView[],
): ReadonlyMap<string, MonitorRating> {
  const all = [...pairs.keys()];
  const byServer = Map.groupBy(all, (pair) => pairAt(pairs, pair).server.id);
  const byMonitor = Map.groupBy(all, (pair) => pairAt(pairs, pair).monitor.id);
  const othersAt = (pair: number): readonly number[] =>
    (byServer.get(pairAt(pairs, pair).server.id) as readonly number[]).filter(
      (other) => pairAt(pairs, other).monitor.id !== pairAt(pairs, pair).monitor.id,
    );
  const offsetOf = (pair: number): number => (views[pair] as PairView).offsetNowNs;
  return new Map(
    [...byMonitor].map(([monitor, own]) => {
      const behind = own.flatMap((pair) => {
        const others = othersAt(pair).map(offsetOf).filter(isKnown);
        const difference = median(others) - offsetOf(pair);
        return others.length < OTHERS_MIN || !isKnown(difference) ? [] : [difference];
      });
      const others = own.flatMap(othersAt);
      return [
        monitor,
        {
          ...clockOf(behind),
          servers: behind.length,
          loss: lossOf(own, views),
          othersLoss: lossOf(others, views),
        },
      ];
    }),
  );
}

function clockOf(differences: number[]): Pick<MonitorRating, "clockOffsetNs" | "clockErrorNs"> {
  if (differences.length < SERVERS_MIN) {
    return { clockOffsetNs: undefined, clockErrorNs: undefined };
  }
  const middle = median(differences);
  const spread = spreadInPlace(Float64Array.from(differences), middle);
  return {
    clockOffsetNs: middle,
    clockErrorNs: (MEDIAN_LOSES * spread) / Math.sqrt(differences.length),
  };
}

/** Of a normal distribution: standard deviation of a median, where that of the mean is 1. */
const MEDIAN_LOSES = 1.2533;

function lossOf(pairs: readonly number[], views: readonly PairView[]): number | undefined {
  let sent = 0;
  let lost = 0;
  for (const pair of pairs) {
    const { hits, of } = (views[pair] as PairView).lossLately;
    lost += hits;
    sent += of;
  }
  return sent === 0 ? undefined : lost / sent;
}

function isKnown(value: number): boolean {
  return !Number.isNaN(value);
}
