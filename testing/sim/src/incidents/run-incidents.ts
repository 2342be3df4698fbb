// Lets a fleet live through incidents, asks the judge about each, and holds its answers against the truth.

import { type Random, unsafelyDeterministicRandom } from "@truechimer/base";
import type { Fault, Finding } from "@truechimer/fault";
import { BASELINE, createFleet, noiseOf, STALE } from "./fleet.ts";
import type { Incident, IncidentKind } from "./incident.ts";
import { createTimeLine } from "./time-line.ts";
import { createWorld, oneOf, type World } from "./world.ts";

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
    const { findings } = fleet.judge(at);
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

export function isSeenIn(incident: Incident, finding: Finding, ways: readonly number[]): boolean {
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
