// How a score followed from the one before: the numbers of the row, the rule that it names, and the rule in words.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import { type RuleSet, ruleSetTextOf, type ScoreStep, scoreStep } from "@truechimer/scoring";
import type { RuleSetOf } from "../rules/rule-sets.ts";
import { optionalField } from "./admin-message.ts";
import type { CheckDetailRow } from "./get-check.ts";

/** Of an overall score. Results of before sets were data name the median alone. */
const METHOD_TEXTS: Readonly<Record<string, string>> = {
  recent_median: "the score and the step of the middle one among the monitors' latest results",
  every: "the score goes on with each result of any monitor, as if they were one",
};

export function scoreArithmetic(row: CheckDetailRow, rulesOf: RuleSetOf): adminV1.ScoreArithmetic {
  const [setName = "", , named] = row.rule.split("/");
  const rule = named ?? setName;
  const ruleSet = ruleSetTextOf(row.rule);
  const rules = rulesOf(row);
  const methodText = METHOD_TEXTS[rule];
  if (methodText !== undefined || named === undefined) {
    return create(adminV1.ScoreArithmeticSchema, {
      ...optionalField("scoreBefore", row.score_before),
      decay: row.score_before === null ? 1 : rules.decay,
      step: row.step,
      scoreAfter: row.score,
      rule,
      ruleText: methodText ?? METHOD_TEXTS["recent_median"] ?? "",
      ruleSet,
    });
  }
  const again = stepOfRow(row, rules);
  const same = again.rule === rule;
  return create(adminV1.ScoreArithmeticSchema, {
    ...optionalField("scoreBefore", row.score_before),
    decay: rules.decay,
    step: row.step,
    ...optionalField("cap", same ? again.cap : undefined),
    scoreAfter: row.score,
    rule,
    ruleText: same ? again.ruleText : rule.replaceAll("_", " "),
    ruleSet,
  });
}

function stepOfRow(row: CheckDetailRow, rules: RuleSet): ScoreStep {
  const status = {
    noResponse: row.no_response,
    reason: row.reason ?? undefined,
    offsetNs: row.offset_ns ?? undefined,
    stratum: row.stratum ?? 0,
  };
  return scoreStep(status, rules);
}
