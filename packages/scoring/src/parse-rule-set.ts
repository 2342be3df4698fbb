// A rule set from its JSON document. Every problem is named with its place; a document with any is none.

import { ok, type Result, refused } from "@truechimer/base";
import { SAMPLE_REASONS } from "@truechimer/ntp";
import { RECENT_MEDIAN_STATUSES, type RecentMedianAttempt } from "./recent-median.ts";
import { RuleFields, type RuleProblem } from "./rule-fields.ts";
import { OVERALL_METHODS, type RuleSet, type StepCondition, type StepRow } from "./rule-set.ts";
import { LEGACY_STATUS_REASONS } from "./status-reason.ts";
import { STRATUM_MAX, stepTableProblems } from "./step-table.ts";
import type { VerdictPolicy } from "./witness.ts";

/** What a person can still read, and every result goes through. */
const ROWS_MAX = 50;
const ATTEMPTS_MAX = 5;
const NAME = /^[a-z][a-z0-9_]{0,39}$/;
const NAME_EXPECTED = "1 to 40 small letters, digits and _, a letter first";
const ABOUT = /^[^\p{Cc}\p{Cf}]{1,200}$/u;
const VERSION = { min: 1, max: 1_000_000, integer: true } as const;
/** A score that moves by more in one check tells nothing of the checks before. */
const STEP = { min: -100, max: 100 } as const;
const STEP_PER_SECOND = { min: -10_000, max: 10_000 } as const;
const CAP = { min: -1_000, max: 1_000 } as const;
const OFFSET = { min: "1ms", max: "24h" } as const;
/** Scorers remember a vote for so long. */
const LOOKBACK = { min: "1m", max: "6h" } as const;
const REASONS = ["none", ...SAMPLE_REASONS, ...LEGACY_STATUS_REASONS] as const;

/** A rule set, or all that is wrong with the document (at most 50 problems). */
export function parseRuleSet(document: unknown): Result<RuleSet, readonly RuleProblem[]> {
  const problems: RuleProblem[] = [];
  const fields = new RuleFields(document, "", problems);
  const name = fields.text("name", NAME, NAME_EXPECTED);
  const version = fields.number("version", VERSION);
  const about = fields.has("about")
    ? fields.text("about", ABOUT, "a sentence of 1 to 200 characters on one line")
    : "";
  const decay = fields.number("decay", { min: 0, max: 1, open: true });
  const steps = parseSteps(fields, problems);
  const overall = fields.oneOf("overall", OVERALL_METHODS);
  const attempts = parseAttempts(fields, problems);
  const every = new RuleFields(fields.value("every"), "every", problems);
  const offsetFarNs = every.duration("offset_above", OFFSET);
  const scoreWhenFar = every.number("score", CAP);
  every.refuseOthers();
  const verdict = fields.has("verdict") ? parseVerdict(fields, problems) : {};
  fields.refuseOthers();
  if (
    problems.length > 0 ||
    name === undefined ||
    version === undefined ||
    about === undefined ||
    decay === undefined ||
    overall === undefined ||
    offsetFarNs === undefined ||
    scoreWhenFar === undefined
  )
    return refused(problems);
  const every_ = { offsetFarNs, scoreWhenFar };
  return ok({ name, version, about, decay, steps, overall, attempts, every: every_, verdict });
}

/** The table is looked through as a whole once each of its rows is right. */
function parseSteps(fields: RuleFields, problems: RuleProblem[]): readonly StepRow[] {
  const before = problems.length;
  const names = new Set<string>();
  const rows = fields.list("steps", ROWS_MAX).flatMap((given, index) => {
    const row = parseStepRow(new RuleFields(given, `steps[${index}]`, problems), problems);
    if (row === undefined) return [];
    if (names.has(row.rule))
      fields.problem(
        `steps[${index}].rule`,
        `a row before it is called ${row.rule} as well: expected another name`,
      );
    names.add(row.rule);
    return [row];
  });
  if (problems.length === before) problems.push(...stepTableProblems(rows));
  return rows;
}

function parseStepRow(fields: RuleFields, problems: RuleProblem[]): StepRow | undefined {
  const rule = fields.text("rule", NAME, NAME_EXPECTED);
  const isMethod = OVERALL_METHODS.some((method) => method === rule);
  if (isMethod)
    fields.problem(
      "rule",
      `"${rule}" is what an overall score is called by: expected another name`,
    );
  const when = fields.has("when")
    ? parseCondition(new RuleFields(fields.value("when"), fields.place("when"), problems))
    : {};
  const counts = !(fields.has("counts") && fields.flag("counts", false));
  const number = (key: string, range: { readonly min: number; readonly max: number }) =>
    fields.has(key) ? fields.number(key, range) : undefined;
  const step = counts ? fields.number("step", STEP) : 0;
  const stepPerSecond = number("step_per_second", STEP_PER_SECOND);
  const stepMax = number("step_max", STEP);
  const cap = number("cap", CAP);
  const text = fields.has("text")
    ? fields.text("text", ABOUT, "a sentence of 1 to 200 characters on one line")
    : rule?.replaceAll("_", " ");
  if (!counts && (fields.has("step") || stepPerSecond !== undefined || cap !== undefined))
    fields.problem(
      "counts",
      "a row that does not count has no step and no cap: expected one or the other",
    );
  if (stepPerSecond !== undefined && when.offsetAboveNs === undefined)
    fields.problem(
      "step_per_second",
      'a step that goes by the offset needs one: expected "offset_above" in "when"',
    );
  fields.refuseOthers();
  if (rule === undefined || step === undefined || text === undefined) return undefined;
  return {
    rule,
    when,
    step,
    counts,
    text,
    ...(stepPerSecond === undefined ? {} : { stepPerSecond }),
    ...(stepMax === undefined ? {} : { stepMax }),
    ...(cap === undefined ? {} : { cap }),
  };
}

function parseCondition(fields: RuleFields): StepCondition {
  const stratum = { min: 0, max: STRATUM_MAX, integer: true } as const;
  const flags = (["agent_fault", "no_response", "failed"] as const).map(
    (key) => fields.has(key) && fields.flag(key, true),
  );
  const reasons = fields.has("reasons") ? fields.words("reasons", REASONS) : undefined;
  const stratumMin = fields.has("stratum_min") ? fields.number("stratum_min", stratum) : undefined;
  const stratumMax = fields.has("stratum_max") ? fields.number("stratum_max", stratum) : undefined;
  const offsetAboveNs = fields.has("offset_above")
    ? fields.duration("offset_above", OFFSET)
    : undefined;
  fields.refuseOthers();
  return {
    ...(flags[0] === true ? { agentFault: true } : {}),
    ...(flags[1] === true ? { noResponse: true } : {}),
    ...(flags[2] === true ? { failed: true } : {}),
    ...(reasons === undefined ? {} : { reasons }),
    ...(stratumMin === undefined ? {} : { stratumMin }),
    ...(stratumMax === undefined ? {} : { stratumMax }),
    ...(offsetAboveNs === undefined ? {} : { offsetAboveNs }),
  };
}

function parseAttempts(
  fields: RuleFields,
  problems: RuleProblem[],
): readonly RecentMedianAttempt[] {
  const attempts: RecentMedianAttempt[] = [];
  for (const [index, given] of fields.list("recent_median", ATTEMPTS_MAX).entries()) {
    const place = `recent_median[${index}]`;
    const attempt = new RuleFields(given, place, problems);
    const statuses = [...new Set(attempt.words("statuses", RECENT_MEDIAN_STATUSES))];
    const lookbackNs = attempt.duration("lookback", LOOKBACK);
    attempt.refuseOthers();
    if (statuses.length === 0 || lookbackNs === undefined) continue;
    const covering = attempts.findIndex(
      (earlier) =>
        earlier.lookbackNs >= lookbackNs &&
        statuses.every((status) => earlier.statuses.includes(status)),
    );
    if (covering >= 0)
      attempt.problem(
        "",
        `it is never reached: recent_median[${covering}] has found all that it looks for; expected more statuses, or to look back further`,
      );
    attempts.push({ statuses, lookbackNs });
  }
  return attempts;
}

function parseVerdict(fields: RuleFields, problems: RuleProblem[]): Partial<VerdictPolicy> {
  const verdict = new RuleFields(fields.value("verdict"), "verdict", problems);
  const offsetLimitNs = verdict.has("offset_limit")
    ? verdict.duration("offset_limit", { min: "1ms", max: "1h" })
    : undefined;
  const witnessesMin = verdict.has("witnesses_min")
    ? verdict.number("witnesses_min", { min: 1, max: 100, integer: true })
    : undefined;
  const freshIntervals = verdict.has("fresh_intervals")
    ? verdict.number("fresh_intervals", { min: 2, max: 20, integer: true })
    : undefined;
  verdict.refuseOthers();
  return {
    ...(offsetLimitNs === undefined ? {} : { offsetLimitNs }),
    ...(witnessesMin === undefined ? {} : { witnessesMin }),
    ...(freshIntervals === undefined ? {} : { freshIntervals }),
  };
}
