// A fleet whose checks are seen as they come, and what is judged of them.

import type { Random } from "@truechimer/base";
import {
  type CheckSeen,
  type Finding,
  judgeChanges,
  type PairView,
  scopesOf,
} from "@truechimer/fault";
import { checkThrough, type Disturbance, undisturbed } from "./disturbance.ts";
import type { Incident } from "./incident.ts";
import { normal, type World } from "./world.ts";

/** Between two checks of a server by one monitor. */
export const INTERVAL_MS = 60_000;
/** Intervals that count as now, and as before. */
const RECENT = 3;
export const BASELINE = 36;
const JITTER = 0.05;
/** For so many intervals after its end an incident is still seen in what is counted. */
export const STALE: number = 2 * RECENT + 1;
/** How far clocks wander by themselves: deviation in nanoseconds, and how much of it is left after an interval. */
const WANDER = { serverNs: 5e4, monitorNs: 1.5e5, keeps: 0.97 };
const NOISE_CHECKS = 101;

export interface Judgement {
  readonly views: readonly PairView[];
  readonly findings: readonly Finding[];
}

/** Times are in intervals. */
export interface Fleet {
  advanceTo(at: number, incidents: readonly Incident[]): void;
  judge(at: number): Judgement;
  /** What each way has seen, in the order of time; what is older than a judgement needs is gone. */
  readonly seen: readonly (readonly CheckSeen[])[];
}

/** Hears of each check as it is made. */
export type CheckListener = (way: number, at: number) => void;

export function createFleet(world: World, random: Random, onCheck?: CheckListener): Fleet {
  const seen: CheckSeen[][] = world.ways.map(() => []);
  const wander = new Map<string, number>();
  const pairs = world.ways.map(({ pair }) => pair);
  const scopes = scopesOf(pairs);
  let interval = 0;
  /** Checks of this interval that are still to come. */
  let waiting: { readonly at: number; readonly way: number }[] = [];
  let next = 0;

  const beginInterval = (): void => {
    for (const { id } of world.servers) wander.set(id, wandered(id, WANDER.serverNs));
    for (const { id } of world.monitors) wander.set(id, wandered(id, WANDER.monitorNs));
    waiting = world.ways
      .map(({ phase }, way) => ({
        at: interval + phase + JITTER * (random.fraction() - 0.5),
        way,
      }))
      .toSorted((a, b) => a.at - b.at);
    next = 0;
  };
  const wandered = (id: string, deviation: number): number =>
    (wander.get(id) ?? 0) * WANDER.keeps +
    deviation * Math.sqrt(1 - WANDER.keeps ** 2) * normal(random);
  const check = (at: number, number: number, incidents: readonly Incident[]): void => {
    const way = world.ways[number] as World["ways"][number];
    const what: Disturbance = undisturbed();
    for (const each of incidents) {
      if (at >= each.from && at < each.until && each.ways.has(number)) each.disturb(what, at);
    }
    what.serverNs += wander.get(way.pair.server.id) ?? 0;
    what.monitorNs += wander.get(way.pair.monitor.id) ?? 0;
    const list = seen[number] as CheckSeen[];
    list.push(checkThrough(way, what, at * INTERVAL_MS, random));
    onCheck?.(number, at);
    if (list.length > BASELINE + 8 * RECENT) list.splice(0, list.length - BASELINE - RECENT);
  };
  beginInterval();
  return {
    seen,
    advanceTo: (at, incidents) => {
      const from = interval - 1;
      const near = incidents.filter((each) => each.until > from && each.from < at + 1);
      for (;;) {
        const one = waiting[next];
        if (one === undefined) {
          interval += 1;
          beginInterval();
        } else if (one.at > at) return;
        else {
          next += 1;
          check(one.at, one.way, near);
        }
      }
    },
    judge: (at) => {
      const window = {
        nowMs: at * INTERVAL_MS,
        recentMs: RECENT * INTERVAL_MS,
        baselineMs: (BASELINE + RECENT) * INTERVAL_MS,
      };
      return judgeChanges({ pairs, checks: seen, window }, scopes);
    },
  };
}

/** Robust standard deviation of offsets while nothing is wrong and both clocks stand, nanoseconds. */
export function noiseOf(way: World["ways"][number], random: Random): number {
  const offsets = Array.from(
    { length: NOISE_CHECKS },
    () => checkThrough({ ...way, lossShare: 0 }, undisturbed(), 0, random).offsetNs,
  );
  const middle = middleOf(offsets);
  return 1.4826 * middleOf(offsets.map((offset) => Math.abs(offset - middle)));
}

function middleOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] as number;
}
