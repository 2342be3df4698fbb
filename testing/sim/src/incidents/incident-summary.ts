// How the judge did, counted: a confusion table of what happened against whose fault it was taken for.

import { FAULTS, type Fault } from "@truechimer/fault";
import { INCIDENT_KINDS, type IncidentKind } from "./incident.ts";
import type { Decision, IncidentRun } from "./run-incidents.ts";

/** Of one kind of incident. */
export interface KindCount {
  readonly incidents: number;
  /** Whose fault it was said to be. */
  readonly answers: Readonly<Record<Fault, number>>;
  /** Answers that are right; *cannot tell* never is. */
  readonly right: number;
}

export interface IncidentSummary {
  readonly kinds: Readonly<Record<IncidentKind, KindCount>>;
  readonly all: KindCount;
  /** Those that went on together with another one. */
  readonly overlapping: KindCount;
  /** Those of at most twice the least size. */
  readonly small: KindCount;
  /** Those that were asked about before they were three intervals old. */
  readonly early: KindCount;
  /** Servers that were blamed while nothing was wrong with them, in all answers about the whole fleet. */
  readonly serversBlamedForNothing: number;
  /** Of these, and of the incidents, those that were a monitor's own fault. */
  readonly serversBlamedForMonitors: number;
  /** How often a server was judged: servers times questions. */
  readonly serversJudged: number;
}

const SMALL_SIGMAS = 4;
const EARLY_INTERVALS = 3;
const OF_MONITORS: ReadonlySet<IncidentKind> = new Set(["monitor clock"]);

export function summarizeIncidents(
  { decisions, inventions, asked }: IncidentRun,
  servers: number,
): IncidentSummary {
  const blamed = inventions.filter(({ finding }) => finding.fault === "server");
  const forMonitors = blamed.filter(({ during }) => during.some((kind) => OF_MONITORS.has(kind)));
  const mistaken = decisions.filter(
    ({ incident, fault }) => incident.fault === "monitor" && fault === "server",
  );
  return {
    kinds: Object.fromEntries(
      INCIDENT_KINDS.map((kind) => [
        kind,
        countOf(decisions.filter(({ incident }) => incident.kind === kind)),
      ]),
    ) as Record<IncidentKind, KindCount>,
    all: countOf(decisions),
    overlapping: countOf(decisions.filter(({ isOverlapping }) => isOverlapping)),
    small: countOf(
      decisions.filter(({ incident: { sigmas } }) => sigmas > 0 && sigmas <= SMALL_SIGMAS),
    ),
    early: countOf(
      decisions.filter(({ incident: { from, askedAt } }) => askedAt - from < EARLY_INTERVALS),
    ),
    serversBlamedForNothing: blamed.length,
    serversBlamedForMonitors: forMonitors.length + mistaken.length,
    serversJudged: asked * servers,
  };
}

function countOf(decisions: readonly Decision[]): KindCount {
  const answers = Object.fromEntries(
    FAULTS.map((fault) => [fault, decisions.filter((each) => each.fault === fault).length]),
  ) as Record<Fault, number>;
  const right = decisions.filter(({ fault, incident }) => fault === incident.fault).length;
  return { incidents: decisions.length, answers, right };
}

/** Two counts together. */
export function addCounts(one: KindCount, other: KindCount): KindCount {
  return {
    incidents: one.incidents + other.incidents,
    right: one.right + other.right,
    answers: Object.fromEntries(
      FAULTS.map((fault) => [fault, one.answers[fault] + other.answers[fault]]),
    ) as Record<Fault, number>,
  };
}

/** Right of what was decided, 0 to 1. NaN: nothing was. */
export function rightOfDecided({ incidents, answers, right }: KindCount): number {
  return right / (incidents - answers.cannot_tell);
}
