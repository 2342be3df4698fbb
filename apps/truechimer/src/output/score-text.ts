// Scores, and how one follows from the one before, for people and for programs.

import type { adminV1 } from "@truechimer/api";

/** One decimal, a true minus sign; a dash when there is none. */
export function scoreText(score: number | undefined): string {
  return score?.toFixed(1).replace("-", "−") ?? "–";
}

/** "+0.83" */
export function stepText(step: number): string {
  return `${step < 0 ? "−" : "+"}${Math.abs(step).toFixed(2)}`;
}

/** "19.80 × 0.95 +1.00 = 19.81" */
export function arithmeticText(sum: adminV1.ScoreArithmetic): string {
  const before = sum.scoreBefore?.toFixed(2) ?? "0";
  const cap = sum.cap === undefined ? "" : `, at most ${sum.cap}`;
  return `${before} × ${sum.decay} ${stepText(sum.step)}${cap} = ${sum.scoreAfter.toFixed(2)}`;
}

export function arithmeticJson(sum: adminV1.ScoreArithmetic): Record<string, unknown> {
  return {
    rule_set: sum.ruleSet,
    rule: sum.rule,
    rule_text: sum.ruleText,
    score_before: sum.scoreBefore ?? null,
    decay: sum.decay,
    step: sum.step,
    cap: sum.cap ?? null,
    score_after: sum.scoreAfter,
  };
}
