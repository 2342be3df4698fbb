// How a score followed from the one before: the numbers of the row, the rule that it names, and the rule in words.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import { SCORE_DECAY, type ScoreStep, scoreStep } from "@truechimer/scoring";
import { optionalField } from "./admin-message.ts";
import type { CheckDetailRow } from "./get-check.ts";

export function scoreArithmetic(row: CheckDetailRow): adminV1.ScoreArithmetic {
  const [setName = "", setVersion = "", rule] = row.rule.split("/");
  const ruleSet = `${setName}/${setVersion}`;
  if (rule === undefined) {
    return create(adminV1.ScoreArithmeticSchema, {
      decay: 1,
      step: row.step,
      scoreAfter: row.score,
      rule: setName,
      ruleText: "the score and the step of the middle one among the monitors' latest results",
      ruleSet,
    });
  }
  const today = stepOfRow(row);
  const same = today.rule === rule;
  return create(adminV1.ScoreArithmeticSchema, {
    ...optionalField("scoreBefore", row.score_before),
    decay: SCORE_DECAY,
    step: row.step,
    ...optionalField("cap", same ? today.cap : undefined),
    scoreAfter: row.score,
    rule,
    ruleText: same ? today.ruleText : rule.replaceAll("_", " "),
    ruleSet,
  });
}

function stepOfRow(row: CheckDetailRow): ScoreStep {
  return scoreStep({
    noResponse: row.no_response,
    reason: row.reason ?? undefined,
    offsetNs: row.offset_ns ?? undefined,
    stratum: row.stratum ?? 0,
  });
}
