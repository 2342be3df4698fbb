// Numbers of the history in memory as the database has them.

/** Scores are kept to seven digits; what a sum of steps does not have is not shown. */
const SCORE_DIGITS = 1e5;

/** A score or a step as it is told. */
export function sevenDigits(value: number): number {
  return Math.round(value * SCORE_DIGITS) / SCORE_DIGITS;
}

/** NaN stands for what is not known. */
export function nanosecondsOf(ns: number): bigint | null {
  return Number.isNaN(ns) ? null : BigInt(Math.round(ns));
}
