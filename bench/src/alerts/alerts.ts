// Scenario alerts: when incidents of known cause are told, and in how many messages, on seeds that nothing was tuned on.

import {
  INCIDENT_KINDS,
  type IncidentKind,
  type IncidentTold,
  runAlerts,
} from "@truechimer/testing-sim";
import { isWanted, type ResultRow, type Scenario, type ScenarioOptions } from "../scenario.ts";
import { reportAlerts } from "./report.ts";

/** Worlds of 200 servers and 60 monitors; each seed is another world. */
const WORLD = { servers: 200, monitors: 60, watchers: 12 };
/** Four of each kind: two to three minutes of processor time a seed. */
const INCIDENTS = 36;
const SEEDS = Array.from({ length: 28 }, (_, index) => 311 + index);
/** The rules were tuned on it, so that a look uses up no other. */
const QUICK = { incidents: 27, seeds: [1] };
/** Those of docs/how-to/be-told-by-e-mail.md. */
const PATIENCE = { holdsMs: 20_000, recoversMs: 180_000 };

/** Of one kind of incident. Times are in check intervals. */
export interface KindTold {
  readonly incidents: number;
  /** Not told by itself, because it touched a server that people were being told of when it began. */
  readonly known: number;
  /** Not told, because a way has changed for fewer pairs than rules are told of. */
  readonly leftOut: number;
  /** Not told, and at no time could its checks have shown it. */
  readonly neverVisible: number;
  /** From the beginning until its checks could show it at all; one of each that they could. */
  readonly visibleAfter: readonly number[];
  /** From the beginning until the judge saw it first; one of each that it saw. */
  readonly seenAfter: readonly number[];
  /** From the beginning, and from its first sight, until it was told; one of each that was told. */
  readonly toldAfter: readonly number[];
  readonly toldAfterSeen: readonly number[];
  /** From when its checks could show it until it was told; told before: 0. */
  readonly toldAfterVisible: readonly number[];
  readonly messages: number;
}

export interface AlertsRow extends ResultRow {
  readonly seed: number;
  readonly hours: number;
  readonly messages: number;
  readonly unexplained: number;
  readonly kinds: Readonly<Record<IncidentKind, KindTold>>;
  readonly overlapping: KindTold;
}

export const alerts: Scenario = {
  name: "alerts",
  summary:
    "When incidents of nine known causes are told, and in how many messages, in worlds of 200 servers and 60 monitors that nothing was tuned on.",
  parts: ({ quick }) => ({ mode: (quick ? QUICK.seeds : SEEDS).map(String) }),
  run: runAlertsScenario,
  report: (rows) => reportAlerts(rows as readonly AlertsRow[]),
};

async function runAlertsScenario({
  mode,
  quick,
  log,
}: ScenarioOptions): Promise<readonly AlertsRow[]> {
  const measuredOn = new Date().toISOString().slice(0, 10);
  return (quick ? QUICK.seeds : SEEDS)
    .filter((seed) => isWanted(mode, String(seed)))
    .map((seed) => {
      log(`alerts: seed ${seed}`);
      const run = runAlerts({
        ...WORLD,
        ...PATIENCE,
        incidents: quick ? QUICK.incidents : INCIDENTS,
        seed,
      });
      const { hours, messages, unexplained, told } = run;
      return {
        key: `seed ${seed}`,
        measuredOn,
        seed,
        hours,
        messages,
        unexplained,
        kinds: Object.fromEntries(
          INCIDENT_KINDS.map((kind) => [
            kind,
            countOf(told.filter(({ incident }) => incident.kind === kind)),
          ]),
        ) as Record<IncidentKind, KindTold>,
        overlapping: countOf(told.filter(({ isOverlapping }) => isOverlapping)),
      };
    });
}

function countOf(told: readonly IncidentTold[]): KindTold {
  const untold = told.filter(({ toldAfter }) => toldAfter === undefined);
  const others = untold.filter(({ wasKnown, isLeftOut }) => !wasKnown && !isLeftOut);
  return {
    incidents: told.length,
    known: untold.filter(({ wasKnown }) => wasKnown).length,
    leftOut: untold.filter(({ wasKnown, isLeftOut }) => !wasKnown && isLeftOut).length,
    neverVisible: others.filter(({ visibleAfter }) => visibleAfter === undefined).length,
    visibleAfter: rounded(told.map(({ visibleAfter }) => visibleAfter)),
    seenAfter: rounded(told.map(({ seenAfter }) => seenAfter)),
    toldAfter: rounded(told.map(({ toldAfter }) => toldAfter)),
    toldAfterSeen: rounded(
      told.map(({ toldAfter, seenAfter }) =>
        toldAfter === undefined || seenAfter === undefined
          ? undefined
          : Math.max(0, toldAfter - seenAfter),
      ),
    ),
    toldAfterVisible: rounded(
      told.map(({ toldAfter, visibleAfter }) =>
        toldAfter === undefined ? undefined : Math.max(0, toldAfter - (visibleAfter ?? toldAfter)),
      ),
    ),
    messages: told.reduce((sum, { messages }) => sum + messages, 0),
  };
}

/** To a hundredth of an interval. */
function rounded(values: readonly (number | undefined)[]): readonly number[] {
  return values.flatMap((value) => (value === undefined ? [] : Math.round(value * 100) / 100));
}
