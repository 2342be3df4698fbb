// Lets a fleet live through incidents, asks the judge about each, and holds its answers against the truth.

import { type Random, unsafelyDeterministicRandom } from "@truechimer/base";
import {
  type CheckSeen,
  type Fault,
  type Finding,
  judgeFaults,
  scopesOf,
  viewPairs,
} from "@truechimer/fault";
import { checkThrough, type Disturbance, undisturbed } from "./disturbance.ts";
import type { Incident, IncidentKind } from "./incident.ts";
import { createTimeLine } from "./time-line.ts";
import { createWorld, normal, oneOf, type World } from "./world.ts";

export interface IncidentRunOptions {
  readonly servers: number;
  readonly monitors: number;
  readonly watchers: number;
  readonly incidents: number;
  readonly seed: number;
}

/** What the judge said of an incident. */
export interface Decision {
  readonly incident: Incident;
  /** Another incident went on for some of its time. */
  readonly isOverlapping: boolean;
  readonly fault: Fault;
  /** What it was taken for; absent: nothing was seen. */
  readonly cause: string | undefined;
}

/** A finding that no incident explains. */
export interface Invention {
  readonly finding: Finding;
  /** Kinds of the incidents that went on at the same servers and monitors. */
  readonly during: readonly IncidentKind[];
}

export interface IncidentRun {
  readonly decisions: readonly Decision[];
  readonly inventions: readonly Invention[];
  /** Questions, each of which is answered for the whole fleet. */
  readonly asked: number;
}

const INTERVAL_MS = 60_000;
/** Intervals that count as now, and as before. */
const RECENT = 3;
const BASELINE = 36;
const JITTER = 0.05;
/** For so many intervals after its end an incident is still seen in what is counted. */
const STALE = 2 * RECENT + 1;
/** How far clocks wander by themselves: deviation in nanoseconds, and how much of it is left after an interval. */
const WANDER = { serverNs: 5e4, monitorNs: 1.5e5, keeps: 0.97 };
const NOISE_CHECKS = 101;

export function runIncidents(options: IncidentRunOptions): IncidentRun {
  const random = unsafelyDeterministicRandom(options.seed);
  const world = createWorld({ ...options, random });
  const noiseNs = world.ways.map((way) => noiseOf(way, random));
  const incidents = createTimeLine({
    world,
    noiseNs,
    incidents: options.incidents,
    quietFor: BASELINE,
    random,
  });
  const fleet = createFleet(world, random);
  const questions = incidents
    .map((incident) => ({ incident, at: incident.askedAt }))
    .toSorted((a, b) => a.at - b.at);
  const decisions: Decision[] = [];
  const inventions: Invention[] = [];
  for (const { incident, at } of questions) {
    const going = (from: number): Incident[] =>
      incidents.filter((each) => each.from < at && each.until > from);
    fleet.advanceTo(at, incidents);
    const findings = fleet.judge(at);
    const present = going(at - STALE);
    decisions.push(decide(incident, findings, { world, incidents, random }));
    for (const finding of findings) {
      const near = present.filter(({ ways }) => finding.scope.pairs.some((pair) => ways.has(pair)));
      if (!near.some((each) => isSeenIn(each, finding, finding.scope.pairs))) {
        inventions.push({ finding, during: near.map(({ kind }) => kind) });
      }
    }
  }
  return { decisions, inventions, asked: questions.length };
}

/** A server is asked about, as on its page: of what is found there, what lies nearest to the incident. */
function decide(
  incident: Incident,
  findings: readonly Finding[],
  { world, incidents, random }: { world: World; incidents: readonly Incident[]; random: Random },
): Decision {
  const { server } = (world.ways[oneOf([...incident.ways], random)] as World["ways"][number]).pair;
  const there = new Set(
    world.ways.flatMap(({ pair }, number) => (pair.server.id === server.id ? [number] : [])),
  );
  const touched = [...incident.ways].filter((way) => there.has(way));
  const chosen = answerTo(incident, findings, touched, there);
  return {
    incident,
    isOverlapping: incidents.some(
      (other) => other !== incident && other.from < incident.until && incident.from < other.until,
    ),
    fault: chosen?.fault ?? "cannot_tell",
    cause: chosen?.cause,
  };
}

/** The findings of one fault must together explain half of what the incident touches there. */
function answerTo(
  incident: Incident,
  findings: readonly Finding[],
  touched: readonly number[],
  there: ReadonlySet<number>,
): Finding | undefined {
  const seen = findings.filter((finding) => isSeenIn(incident, finding, touched));
  const faults = Map.groupBy(seen, ({ fault }) => fault);
  const answers = [...faults.values()].filter((those) => {
    const pairs = new Set(those.flatMap(({ scope }) => scope.pairs));
    return touched.filter((way) => pairs.has(way)).length * 2 >= touched.length;
  });
  const near = answers
    .flat()
    .map((finding) => ({ finding, nearness: nearness(finding, touched, there) }))
    .toSorted((a, b) => b.nearness - a.nearness);
  const best = near.filter((each) => each.nearness === near[0]?.nearness);
  // Of several that are equally near the worst counts.
  return (best.find(({ finding }) => finding.fault !== incident.fault) ?? best[0])?.finding;
}

function isSeenIn(incident: Incident, finding: Finding, ways: readonly number[]): boolean {
  const pairs = new Set(finding.scope.pairs);
  return (
    finding.symptoms.some(({ channel }) => incident.channels.has(channel)) &&
    ways.some((way) => pairs.has(way) && incident.ways.has(way))
  );
}

function nearness(
  finding: Finding,
  touched: readonly number[],
  there: ReadonlySet<number>,
): number {
  const pairs = new Set(finding.scope.pairs.filter((pair) => there.has(pair)));
  const both = touched.filter((way) => pairs.has(way)).length;
  return both / (pairs.size + touched.length - both);
}

interface Fleet {
  advanceTo(at: number, incidents: readonly Incident[]): void;
  judge(at: number): readonly Finding[];
}

function createFleet(world: World, random: Random): Fleet {
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
    if (list.length > BASELINE + 8 * RECENT) list.splice(0, list.length - BASELINE - RECENT);
  };
  beginInterval();
  return {
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
    judge: (at) =>
      judgeFaults(
        {
          pairs,
          views: viewPairs(seen, {
            nowMs: at * INTERVAL_MS,
            recentMs: RECENT * INTERVAL_MS,
            baselineMs: (BASELINE + RECENT) * INTERVAL_MS,
          }),
        },
        scopes,
      ),
  };
}

/** Robust standard deviation of offsets while nothing is wrong, nanoseconds. */
function noiseOf(way: World["ways"][number], random: Random): number {
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
