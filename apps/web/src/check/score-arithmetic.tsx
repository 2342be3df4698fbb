// How the score followed from the step, with the numbers.

import type { adminV1 } from "@truechimer/api";
import type { ReactNode } from "react";
import { formatFixed, MINUS } from "../format/number.ts";
import { formatScore, formatStep } from "../format/score.ts";

export function ScoreWorkedOut(props: { readonly arithmetic: adminV1.ScoreArithmetic }): ReactNode {
  const { arithmetic } = props;
  const before = arithmetic.scoreBefore;
  const uncapped = (before ?? 0) * arithmetic.decay + arithmetic.step;
  const capped = arithmetic.cap !== undefined && arithmetic.cap < uncapped;
  return (
    <dl className="worked-out">
      <div>
        <dt>Step</dt>
        <dd>
          <strong className="number">{formatStep(arithmetic.step)}</strong> {arithmetic.ruleText}
          <span className="soft"> ({arithmetic.rule.replaceAll("_", " ")})</span>
        </dd>
      </div>
      <div>
        <dt>Score</dt>
        <dd className="number">
          <span className="formula">before × {arithmetic.decay} + step</span>
          <span className="formula">
            = {before === undefined ? "0 (none before)" : formatFixed(before, 3)} ×{" "}
            {arithmetic.decay} {arithmetic.step < 0 ? MINUS : "+"}{" "}
            {formatFixed(Math.abs(arithmetic.step), 3)} = {formatFixed(uncapped, 3)}
          </span>
          {capped ? (
            <span className="formula">
              not above {formatFixed(arithmetic.cap ?? 0, 0)} after such a check
            </span>
          ) : null}
          <strong>= {formatScore(arithmetic.scoreAfter)}</strong>
        </dd>
      </div>
      <div>
        <dt>Rules</dt>
        <dd>{arithmetic.ruleSet}</dd>
      </div>
    </dl>
  );
}
