// Thousands of random servers, each reviewed with the same measurements until nothing changes.

import {
  POOL_SELECTION,
  PURE_PRIORITY_SELECTION,
  type SelectionPolicy,
  type Snapshot,
} from "@truechimer/selection";
import { type Convergence, converge } from "./converge.ts";
import { CONFIGURATIONS, type Configuration, generateSnapshot } from "./generate.ts";
import { reviewsAtLeast } from "./lower-bound.ts";
import { type Optimum, optimumOf } from "./optimum.ts";
import type { ConvergenceRow } from "./rows.ts";
import { mean, rank } from "./spread.ts";

const START_MS = Date.UTC(2026, 0, 1);

export interface ConvergenceOptions {
  readonly scenarios: number;
  readonly measuredOn: string;
  readonly log: (line: string) => void;
}

export function convergenceRows(options: ConvergenceOptions): readonly ConvergenceRow[] {
  return [PURE_PRIORITY_SELECTION, POOL_SELECTION].flatMap((policy) =>
    CONFIGURATIONS.map((configuration, index) => {
      options.log(`selection: ${policy.name}, ${configuration.name}`);
      return convergenceRow(configuration, { ...options, policy, index });
    }),
  );
}

interface RowOptions extends ConvergenceOptions {
  readonly policy: SelectionPolicy;
  readonly index: number;
}

/** One scenario, run to its end. */
interface Ran {
  readonly end: Convergence;
  readonly bound: number;
  readonly optimum: Optimum;
  readonly active: Snapshot["monitors"];
  /** Of the active: healthy, and active in the fleet. */
  readonly usable: Snapshot["monitors"];
}

function convergenceRow(configuration: Configuration, options: RowOptions): ConvergenceRow {
  const { policy, scenarios, measuredOn, index } = options;
  const ran = Array.from({ length: scenarios }, (_, number) => run(configuration, number, policy));
  const count = (is: (one: Ran) => boolean): number => ran.filter(is).length;
  const reviews = ran.map(({ end }) => end.reviews);
  const bounds = ran.map(({ bound }) => bound);
  const ratios = ran.flatMap(({ end, bound }) => (bound > 0 ? [end.reviews / bound] : []));
  const gaps = policy.quality.kind === "priority" ? ran.flatMap(gapOf) : [];
  return {
    kind: "convergence",
    key: `1-${policy.name}-${index}`,
    measuredOn,
    title: configuration.name,
    policy: policy.name,
    scenarios,
    doubled: ran.reduce((sum, { end }) => sum + end.doubled, 0),
    cycles: count(({ end }) => end.cycle),
    notAtRest: count(({ end }) => !end.fixedPoint),
    reviewsMedian: rank(reviews, 0.5),
    reviewsP95: rank(reviews, 0.95),
    boundMedian: rank(bounds, 0.5),
    boundP95: rank(bounds, 0.95),
    ratioMean: mean(ratios),
    ratioP95: rank(ratios, 0.95),
    short: count(({ usable, optimum }) => usable.length < optimum.size),
    fellToZero: count(({ end }) => end.fellToZero),
    fewerUsable: count(({ end }) => end.fewerUsable),
    badActive: count(
      ({ usable, active }) => usable.length < active.length && active.length > policy.activeFloor,
    ),
    gapMean: gaps.length === 0 ? null : mean(gaps),
    gapMax: gaps.length === 0 ? null : Math.max(...gaps),
  };
}

function run(configuration: Configuration, number: number, policy: SelectionPolicy): Ran {
  const start = generateSnapshot(configuration, number, START_MS);
  const end = converge(start, policy, START_MS);
  const active = end.last.monitors.filter(({ status }) => status === "active");
  return {
    end,
    active,
    usable: active.filter(
      ({ globalStatus, measured }) => globalStatus === "active" && (measured?.meanStep ?? 0) >= 0,
    ),
    bound: reviewsAtLeast({
      start,
      end: end.last,
      policy,
      nowMs: START_MS,
      shortReviews: end.shortReviews,
    }),
    optimum: optimumOf(start),
  };
}

/** By which share the sum of priorities is above the least for as many monitors. */
function gapOf({ usable, optimum }: Ran): readonly number[] {
  if (usable.length === 0) return [];
  const sum = usable.reduce((total, { measured }) => total + (measured?.delayMs ?? 0), 0);
  const least = optimum.sums[usable.length] ?? Number.NaN;
  return [(sum - least) / least];
}
