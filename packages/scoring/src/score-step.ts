// What the outcome of one check is worth to the server, and how the score of one monitor for one server goes on from
// there, by the step table of a rule set. Coded reasons decide and not the text of a message. The leap indicator has no part
// in it: an agent that minds it reports `not_synchronised`.

import { assert, formatOffset } from "@truechimer/base";
import { NTP_POOL_RECENT_MEDIAN } from "./ntp-pool-rules.ts";
import type { RuleSet, StepRow } from "./rule-set.ts";
import { conditionHolds, magnitudeNs, type ScoredStatus } from "./step-table.ts";

/** The worth of one check, with the row of the table that gave it. */
export interface ScoreStep {
  readonly step: number;
  /** The new score is at most this. */
  readonly cap: number | undefined;
  /** False when the check says nothing about the server: the score stays as it is, and nothing is recorded. */
  readonly counts: boolean;
  /** The row of the table. */
  readonly rule: string;
  /** The row in words, with the numbers of this status. */
  readonly ruleText: string;
}

/** The step of one status: the first row that fits. */
export function scoreStep(
  status: ScoredStatus,
  { steps }: Pick<RuleSet, "steps"> = NTP_POOL_RECENT_MEDIAN,
): ScoreStep {
  const row = steps.find(({ when }) => conditionHolds(when, status));
  assert(row !== undefined, "a rule set's step table decides every status");
  return {
    step: stepOf(row, status),
    cap: row.cap,
    counts: row.counts,
    rule: row.rule,
    ruleText: ruleText(row, status),
  };
}

/** The next score of a monitor for a server: decay, step, cap. A step that does not count leaves it as it is. */
export function nextScore(
  before: number,
  { step, cap, counts = true }: Pick<ScoreStep, "step" | "cap"> & { readonly counts?: boolean },
  { decay }: Pick<RuleSet, "decay"> = NTP_POOL_RECENT_MEDIAN,
): number {
  if (!counts) return before;
  const next = before * decay + step;
  return cap === undefined ? next : Math.min(next, cap);
}

function stepOf({ step, stepPerSecond, stepMax }: StepRow, { offsetNs }: ScoredStatus): number {
  const seconds = Number(magnitudeNs(offsetNs)) / 1e9;
  const reached = stepPerSecond === undefined ? step : stepPerSecond * seconds + step;
  return stepMax === undefined ? reached : Math.min(reached, stepMax);
}

function ruleText({ text }: StepRow, { reason, offsetNs, stratum }: ScoredStatus): string {
  if (!text.includes("{")) return text;
  return text
    .replaceAll("{reason}", reason ?? "none given")
    .replaceAll("{offset}", offsetNs === undefined ? "none" : formatOffset(offsetNs))
    .replaceAll("{stratum}", String(stratum));
}
