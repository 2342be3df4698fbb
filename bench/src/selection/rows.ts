// What the scenario keeps: a row a configuration and policy, and named figures.

import type { ResultRow } from "../scenario.ts";

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

/** Keys of the figures, which the comparison reads. */
export const FIGURES = {
  churn: "2-churn-0",
  churnByPriority: "2-churn-1",
  recovery: "3-recovery",
  planTime: "4-plan-time",
  planAtRest: "4-plan-time-at-rest",
  database: "5-database",
  fleet: "6-fleet",
} as const;

/** Names of the figures that have a budget. */
export const FIGURE = {
  movesAtFivePercent: "noise 5 %",
  sevenUnhealthy: "7 unhealthy",
  refillIntervals: "a dead agent's slot refilled after, intervals at most",
  noiseMoves: "of these, what nothing but noise explains",
  planMedian: "median",
  unproven: "share unproven",
  serversPerSecond: "at rest, one reviewer",
} as const;
