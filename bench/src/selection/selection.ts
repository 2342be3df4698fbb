// Scenario selection: how good, how stable and how fast the reviews are, by the generator that the NTP Pool's own selector
// was measured with.

import { POOL_SELECTION, type SelectionPolicy } from "@truechimer/selection";
import type { Scenario, ScenarioOptions } from "../scenario.ts";
import { churnOf, recoveryOf } from "./churn.ts";
import { convergenceRows } from "./convergence.ts";
import { measureDatabase } from "./database.ts";
import { simulateFleet } from "./fleet.ts";
import { planTimeRows } from "./plan-time.ts";
import { reportSelection } from "./report.ts";
import { FIGURE, FIGURES, type FigureRow, type SelectionRow } from "./rows.ts";

const SCENARIOS = 2_000;
const QUICK_SCENARIOS = 100;
const NOISES = [0.02, 0.05, 0.1, 0.2];
const FLEET = {
  servers: 200,
  monitors: 150,
  days: 30,
  silenceDays: 60,
  spoiltDays: 30,
  seed: 42,
};
const QUICK_FLEET = { ...FLEET, servers: 10, monitors: 40, days: 5 };

export const selection: Scenario = {
  name: "selection",
  summary:
    "How good, stable and fast the choice of monitors is: 2,000 random servers in six configurations each.",
  parts: () => ({ condition: Object.keys(MEASURES) }),
  run: runSelection,
  report: (rows) => reportSelection(rows as readonly SelectionRow[]),
};

type Measure = (
  options: ScenarioOptions,
  measuredOn: string,
) => readonly SelectionRow[] | Promise<readonly SelectionRow[]>;

/** By the name of the condition. */
const MEASURES: Readonly<Record<string, Measure>> = {
  convergence: ({ quick, log }, measuredOn) =>
    convergenceRows({ scenarios: quick ? QUICK_SCENARIOS : SCENARIOS, measuredOn, log }),
  churn: (_, measuredOn) => [...churnRows(measuredOn), recoveryRow(measuredOn)],
  "plan-time": (_, measuredOn) => planTimeRows(measuredOn),
  database: async (options, measuredOn) => [
    {
      kind: "figure",
      key: FIGURES.database,
      measuredOn,
      title: "servers reviewed a second with the database, 150 monitors × 300 servers",
      figures: await measureDatabase(options),
    },
  ],
  fleet: ({ quick }, measuredOn) => [fleetRow(quick ? QUICK_FLEET : FLEET, measuredOn)],
};

async function runSelection(options: ScenarioOptions): Promise<readonly SelectionRow[]> {
  const measuredOn = new Date().toISOString().slice(0, 10);
  const rows: SelectionRow[] = [];
  for (const [name, measure] of Object.entries(MEASURES)) {
    if (options.condition !== undefined && options.condition !== name) continue;
    options.log(`selection: ${name}`);
    rows.push(...(await measure(options, measuredOn)));
  }
  return rows;
}

function churnRows(measuredOn: string): readonly FigureRow[] {
  const priority: SelectionPolicy = { ...POOL_SELECTION, quality: { kind: "priority" } };
  return [
    { key: FIGURES.churn, policy: POOL_SELECTION },
    { key: FIGURES.churnByPriority, policy: priority },
  ].map(({ key, policy }) => ({
    kind: "figure",
    key,
    measuredOn,
    title: `moves of the active set per server and day, ranking by ${policy.quality.kind}`,
    figures: Object.fromEntries(
      NOISES.flatMap((noise) => {
        const { movesPerDay, reversedPerDay } = churnOf(policy, noise);
        return [
          [`noise ${noise * 100} %`, movesPerDay],
          [`noise ${noise * 100} %, taken back within a day`, reversedPerDay],
        ];
      }),
    ),
  }));
}

function recoveryRow(measuredOn: string): FigureRow {
  const [one = 0, two = 0, three = 0, five = 0, seven = 0] = recoveryOf(POOL_SELECTION);
  return {
    kind: "figure",
    key: FIGURES.recovery,
    measuredOn,
    title: "reviews until seven usable ones are active again, the worst of 40 servers",
    figures: {
      "1 unhealthy": one,
      "2 unhealthy": two,
      "3 unhealthy": three,
      "5 unhealthy": five,
      [FIGURE.sevenUnhealthy]: seven,
    },
  };
}

function fleetRow(size: typeof FLEET, measuredOn: string): FigureRow {
  const { servers, monitors, days } = size;
  const outcome = simulateFleet({ ...size, policy: POOL_SELECTION });
  return {
    kind: "figure",
    key: FIGURES.fleet,
    measuredOn,
    title: `${servers} servers and ${monitors} monitors over ${days} days, with noise, silences, spoilt paths, joins and leaves`,
    figures: {
      reviews: outcome.reviews,
      "moves of the active set per server and day": outcome.movesPerDay,
      [FIGURE.noiseMoves]: outcome.noiseMovesPerDay,
      "reviews that changed a monitor twice": outcome.doubled,
      "reviews that left none active though there was one": outcome.fellToZero,
      "reviews after which a limit was broken": outcome.broken,
      "reviews until all places are usable again, at most": outcome.recoveryReviews,
      "slots of monitors that fell silent": outcome.deadSlots,
      [FIGURE.refillIntervals]: outcome.refillIntervals,
    },
  };
}
