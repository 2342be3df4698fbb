// What is asked of selection, beside what the NTP Pool's own code does with the same generator: row by row, from the results.

import { type ConvergenceRow, FIGURE, FIGURES, type FigureRow, type SelectionRow } from "./rows.ts";

export interface ComparisonRow {
  readonly what: string;
  readonly pool: string;
  readonly ours: string;
  readonly budget: string;
  readonly isMet: boolean;
}

/** Reviews to a fixed point may be so many times the least that the budgets leave. */
const REVIEWS_RATIO_MAX = 1.3;
const MOVES_MAX = 0.5;
const RECOVERY_REVIEWS_MAX = 2;
const REFILL_INTERVALS_MAX = 3;
const SERVERS_PER_SECOND_MIN = 500;
const PLAN_MS_MAX = 2;

/** Of what was measured. */
export function comparisonOf(rows: readonly SelectionRow[]): readonly ComparisonRow[] {
  const convergence = rows.filter((row): row is ConvergenceRow => row.kind === "convergence");
  return [
    ...(convergence.length === 0 ? [] : convergenceComparison(convergence)),
    ...figureComparison(rows),
  ];
}

function convergenceComparison(rows: readonly ConvergenceRow[]): readonly ComparisonRow[] {
  const scenarios = sum(rows, ({ scenarios: count }) => count);
  const none = (
    what: string,
    pool: string,
    of: (row: ConvergenceRow) => number,
  ): ComparisonRow => ({
    what,
    pool,
    ours: `${sum(rows, of)} of ${scenarios.toLocaleString("en")} scenarios`,
    budget: "0",
    isMet: sum(rows, of) === 0,
  });
  const slowest = (of: (row: ConvergenceRow) => number): number => Math.max(...rows.map(of));
  const median = slowest((row) => row.reviewsMedian / Math.max(1, row.boundMedian));
  const p95 = slowest((row) => row.reviewsP95 / Math.max(1, row.boundP95));
  const gap = Math.max(0, ...rows.map(({ gapMax }) => gapMax ?? 0));
  return [
    none("reviews that change one monitor twice", "15–33 %", ({ doubled }) => doubled),
    none("scenarios that cycle for ever", "0.05–17 %", ({ cycles }) => cycles),
    none("scenarios that do not come to rest", "0.05–17 %", ({ notAtRest }) => notAtRest),
    {
      what: "reviews to a fixed point ÷ the least that the budgets leave, of median / p95, the worst configuration",
      pool: "12 / 16–18 reviews",
      ours: `${median.toFixed(2)} / ${p95.toFixed(2)}`,
      budget: `≤ ${REVIEWS_RATIO_MAX}`,
      isMet: median <= REVIEWS_RATIO_MAX && p95 <= REVIEWS_RATIO_MAX,
    },
    none("usable actives short of the feasible", "up to 4.5 %", ({ short }) => short),
    none("falls to zero active", "up to 0.25 %", ({ fellToZero }) => fellToZero),
    {
      what: "distance of Σ priority from the optimum at the fixed point, under pure priority, the greatest",
      pool: "0.9 % … 8 %",
      ours: `${(100 * gap).toFixed(2)} %`,
      budget: "0 %",
      isMet: gap === 0,
    },
  ];
}

function figureComparison(rows: readonly SelectionRow[]): readonly ComparisonRow[] {
  const atMost = (most: number): Judge => ({
    budget: `≤ ${most}`,
    isMet: (value) => value <= most,
  });
  return [
    {
      what: "active-set moves per server-day at 5 % noise",
      pool: "7.8",
      value: figure(rows, FIGURES.churn, FIGURE.movesAtFivePercent),
      judge: atMost(MOVES_MAX),
    },
    {
      what: "the same, ranked by the NTP Pool's priority",
      pool: "7.8",
      value: figure(rows, FIGURES.churnByPriority, FIGURE.movesAtFivePercent),
      judge: atMost(MOVES_MAX),
    },
    {
      what: "the same in a fleet with silences, joins and leaves, beside what these explain",
      pool: "–",
      value: figure(rows, FIGURES.fleet, FIGURE.noiseMoves),
      judge: atMost(MOVES_MAX),
    },
    {
      what: "recovery from 7 unhealthy actives, reviews",
      pool: "5",
      value: figure(rows, FIGURES.recovery, FIGURE.sevenUnhealthy),
      judge: atMost(RECOVERY_REVIEWS_MAX),
    },
    {
      what: "dead agent: slot refilled, its intervals at most",
      pool: "up to 24 h",
      value: figure(rows, FIGURES.fleet, FIGURE.refillIntervals),
      judge: atMost(REFILL_INTERVALS_MAX),
    },
    {
      what: "servers reviewed per second with the database",
      pool: "33",
      value: figure(rows, FIGURES.database, FIGURE.serversPerSecond),
      judge: {
        budget: `≥ ${SERVERS_PER_SECOND_MIN}`,
        isMet: (value: number): boolean => value >= SERVERS_PER_SECOND_MIN,
      },
    },
    {
      what: "a plan for 150 monitors from a random state, ms at the median",
      pool: "–",
      value: figure(rows, FIGURES.planTime, FIGURE.planMedian),
      judge: atMost(PLAN_MS_MAX),
    },
    {
      what: "such plans that are not proven best",
      pool: "–",
      value: figure(rows, FIGURES.planTime, FIGURE.unproven),
      judge: atMost(0),
    },
  ].flatMap(({ what, pool, value, judge }) =>
    value === undefined
      ? []
      : [{ what, pool, ours: shown(value), budget: judge.budget, isMet: judge.isMet(value) }],
  );
}

interface Judge {
  readonly budget: string;
  readonly isMet: (value: number) => boolean;
}

function figure(rows: readonly SelectionRow[], key: string, name: string): number | undefined {
  return rows.find((row): row is FigureRow => row.kind === "figure" && row.key === key)?.figures[
    name
  ];
}

function sum(rows: readonly ConvergenceRow[], of: (row: ConvergenceRow) => number): number {
  return rows.reduce((total, row) => total + of(row), 0);
}

/** A figure in as many digits as say something. */
export function shown(value: number): string {
  if (Number.isInteger(value)) return value.toLocaleString("en");
  return value >= 100 ? value.toFixed(0) : value.toFixed(value < 0.1 ? 3 : 2);
}
