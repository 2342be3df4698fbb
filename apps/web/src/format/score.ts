// Scores: −100 to 20, one decimal, never "20.0" for what is below.

import { formatFixed, formatSigned } from "./number.ts";

const SCORE_TOP = 20;

/** "19.9", "−41.3". A score just below 20 is shown as 19.9: 20 is only ever reached in the limit. */
export function formatScore(score: number): string {
  const text = formatFixed(score, 1);
  return score < SCORE_TOP && text === "20.0" ? "19.9" : text;
}

/** A step with its sign: "+1", "−3.5", "+0.83". */
export function formatStep(step: number): string {
  const decimals = Number.isInteger(step) ? 0 : Number.isInteger(step * 10) ? 1 : 2;
  return formatSigned(step, decimals);
}
