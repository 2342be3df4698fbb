// Scenario selection: how good, how stable and how fast the reviews are, by the generator that the NTP Pool's own selector
// was measured with.

import {
  POOL_SELECTION,
  PURE_PRIORITY_SELECTION,
  planReview,
  type SelectionPolicy,
  type Snapshot,
} from "@truechimer/selection";
import type { ResultRow, Scenario, ScenarioOptions } from "../scenario.ts";
import { churnOf, recoveryOf } from "./churn.ts";
import { converge } from "./converge.ts";
import { measureDatabase } from "./database.ts";
import { CONFIGURATIONS, type Configuration, generateSnapshot, SEED } from "./generate.ts";
import { reviewsAtLeast } from "./lower-bound.ts";
import { optimumOf } from "./optimum.ts";
import { reportSelection } from "./report.ts";

const SCENARIOS = 2_000;
const QUICK_SCENARIOS = 100;
const START_MS = Date.UTC(2026, 0, 1);
const PLAN_MONITORS = 150;
const PLANS = 400;

export interface ConvergenceRow extends ResultRow {
  readonly kind: "convergence";
  readonly title: string;
  readonly policy: string;
  readonly scenarios: number;
  readonly doubled: number;
  readonly cycles: number;
  readonly notAtRest: number;
  readonly reviewsMedian: number;
  readonly reviewsP95: number;
  readonly boundMedian: number;
  readonly boundP95: number;
  /** Reviews over the bound, scenario by scenario: mean and p95. */
  readonly ratioMean: number;
  readonly ratioP95: number;
  readonly short: number;
  readonly fellToZero: number;
  readonly fewerUsable: number;
  readonly badActive: number;
  /** Mean and greatest share by which the sum of priorities is above the optimum. Only under pure priority. */
  readonly gapMean: number | null;
  readonly gapMax: number | null;
}

export interface FigureRow extends ResultRow {
  readonly kind: "figure";
  readonly title: string;
  readonly figures: Readonly<Record<string, number>>;
}

export type SelectionRow = ConvergenceRow | FigureRow;

export const selection: Scenario = {
  name: "selection",
  summary:
    "How good, stable and fast the choice of monitors is: 2,000 random servers in six configurations each.",
  run: runSelection,
  report: (rows) => reportSelection(rows as readonly SelectionRow[]),
};

async function runSelection(options: ScenarioOptions): Promise<readonly SelectionRow[]> {
  const measuredOn = new Date().toISOString().slice(0, 10);
  const rows: SelectionRow[] = [];
  const wanted = (name: string): boolean =>
    options.condition === undefined || options.condition === name;
  const count = options.quick ? QUICK_SCENARIOS : SCENARIOS;
  if (wanted("convergence")) {
    for (const policy of [PURE_PRIORITY_SELECTION, POOL_SELECTION]) {
      for (const [index, configuration] of CONFIGURATIONS.entries()) {
        options.log(`selection: ${policy.name}, ${configuration.name}`);
        rows.push(convergenceRow(configuration, { policy, count, measuredOn, index }));
      }
    }
  }
  if (wanted("churn")) {
    options.log("selection: churn and recovery");
    rows.push(...churnRows(measuredOn), recoveryRow(measuredOn));
  }
  if (wanted("plan-time")) {
    options.log("selection: time of a plan");
    rows.push(planTimeRow(measuredOn));
  }
  if (wanted("database")) {
    options.log("selection: reviews with the database");
    rows.push({
      kind: "figure",
      key: "5-database",
      measuredOn,
      title: "servers reviewed a second with the database, 150 monitors × 300 servers",
      figures: await measureDatabase(options),
    });
  }
  return rows;
}

interface ConvergenceOptions {
  readonly policy: SelectionPolicy;
  readonly count: number;
  readonly measuredOn: string;
  readonly index: number;
}

function convergenceRow(configuration: Configuration, options: ConvergenceOptions): ConvergenceRow {
  const { policy, count, measuredOn, index } = options;
  const reviews: number[] = [];
  const bounds: number[] = [];
  const ratios: number[] = [];
  const gaps: number[] = [];
  const sums = {
    doubled: 0,
    cycles: 0,
    notAtRest: 0,
    short: 0,
    fellToZero: 0,
    fewerUsable: 0,
    badActive: 0,
  };
  for (let number = 0; number < count; number += 1) {
    const start = generateSnapshot(configuration, number, START_MS);
    const end = converge(start, policy, START_MS);
    const bound = reviewsAtLeast(start, end.last, policy, START_MS);
    reviews.push(end.reviews);
    bounds.push(bound);
    if (bound > 0) ratios.push(end.reviews / bound);
    const active = end.last.monitors.filter(({ status }) => status === "active");
    const usable = active.filter(
      ({ globalStatus, measured }) => globalStatus === "active" && (measured?.meanStep ?? 0) >= 0,
    );
    const optimum = optimumOf(start);
    sums.doubled += end.doubled;
    sums.cycles += end.cycle ? 1 : 0;
    sums.notAtRest += end.fixedPoint ? 0 : 1;
    sums.short += usable.length < optimum.size ? 1 : 0;
    sums.fellToZero += end.fellToZero ? 1 : 0;
    sums.fewerUsable += end.fewerUsable ? 1 : 0;
    sums.badActive += usable.length < active.length && active.length > policy.activeFloor ? 1 : 0;
    if (policy.quality.kind === "priority" && usable.length > 0) {
      const sum = usable.reduce((total, { measured }) => total + (measured?.delayMs ?? 0), 0);
      const least = optimum.sums[usable.length] ?? Number.NaN;
      gaps.push((sum - least) / least);
    }
  }
  return {
    kind: "convergence",
    key: `1-${policy.name}-${index}`,
    measuredOn,
    title: configuration.name,
    policy: policy.name,
    scenarios: count,
    ...sums,
    reviewsMedian: rank(reviews, 0.5),
    reviewsP95: rank(reviews, 0.95),
    boundMedian: rank(bounds, 0.5),
    boundP95: rank(bounds, 0.95),
    ratioMean: mean(ratios),
    ratioP95: rank(ratios, 0.95),
    gapMean: gaps.length === 0 ? null : mean(gaps),
    gapMax: gaps.length === 0 ? null : Math.max(...gaps),
  };
}

function churnRows(measuredOn: string): readonly FigureRow[] {
  const priority: SelectionPolicy = { ...POOL_SELECTION, quality: { kind: "priority" } };
  return [POOL_SELECTION, priority].map((policy, index) => ({
    kind: "figure",
    key: `2-churn-${index}`,
    measuredOn,
    title: `moves of the active set per server and day, ranking by ${policy.quality.kind}`,
    figures: Object.fromEntries(
      [0.02, 0.05, 0.1, 0.2].flatMap((noise) => {
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
    key: "3-recovery",
    measuredOn,
    title: "reviews until seven usable ones are active again, the worst of 40 servers",
    figures: {
      "1 unhealthy": one,
      "2 unhealthy": two,
      "3 unhealthy": three,
      "5 unhealthy": five,
      "7 unhealthy": seven,
    },
  };
}

/** At rest, one in ten monitors with other measurements each time, in 12 countries and 40 networks. */
function planTimeRow(measuredOn: string): FigureRow {
  const times: number[] = [];
  let unproven = 0;
  for (let number = 0; number < PLANS; number += 1) {
    const snapshot = wideSnapshot(number);
    const began = performance.now();
    const plan = planReview(snapshot, POOL_SELECTION, START_MS, {
      monotonicMs: () => performance.now(),
    });
    times.push(performance.now() - began);
    if (!plan.proven) unproven += 1;
  }
  return {
    kind: "figure",
    key: "4-plan-time",
    measuredOn,
    title: `milliseconds to plan for ${PLAN_MONITORS} monitors in 12 countries and 40 networks, from random states`,
    figures: {
      median: rank(times, 0.5),
      p95: rank(times, 0.95),
      p99: rank(times, 0.99),
      greatest: Math.max(...times),
      "share unproven": unproven / PLANS,
    },
  };
}

function wideSnapshot(number: number): Snapshot {
  const [configuration] = CONFIGURATIONS;
  if (configuration === undefined) throw new RangeError("there is a configuration");
  const parts = Array.from({ length: 16 }, (_, part) =>
    generateSnapshot(configuration, SEED + number * 16 + part, START_MS),
  );
  const monitors = parts
    .flatMap((part) => part.monitors)
    .slice(0, PLAN_MONITORS)
    .map((monitor, index) => ({
      ...monitor,
      id: BigInt(index + 1),
      // A server at work: a few active and testing ones, the others candidates.
      status:
        index < 8
          ? ("active" as const)
          : index < 14
            ? ("testing" as const)
            : ("candidate" as const),
      accountId: BigInt(1 + ((index * 7) % 60)),
      country: `C${(index * 5) % 12}`,
      network: `N${(index * 11) % 40}`,
    }));
  return { server: { id: BigInt(number), accountId: 999n, ip: "198.51.100.1" }, monitors };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

function rank(values: readonly number[], fraction: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(fraction * sorted.length) - 1)] ?? Number.NaN;
}
