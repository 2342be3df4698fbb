// The two rule sets of the NTP Pool, as documents: the same step table, decay and caps; the overall score by its scorer
// `recentmedian`, or by its older one `every`. Source of the numbers: the NTP Pool's monitor (statusscore.go, median.go,
// every.go). What they leave out (when a verdict falls, which the NTP Pool has none of) is as configured.

import { assert } from "@truechimer/base";
import { parseRuleSet } from "./parse-rule-set.ts";
import { type RuleSet, ruleSetText } from "./rule-set.ts";

const STEPS = [
  {
    rule: "agent_fault",
    when: { agent_fault: true },
    counts: false,
    text: "the agent's own fault ({reason}): not counted",
  },
  { rule: "no_response", when: { no_response: true }, step: -5, text: "no response ({reason})" },
  {
    rule: "rate_limited",
    when: { stratum_max: 0, reasons: ["kiss_rate"] },
    step: -3.5,
    text: "the server sent RATE",
  },
  {
    rule: "access_denied",
    when: { stratum_max: 0, reasons: ["kiss_deny", "kiss_rstr"] },
    step: -10,
    cap: -50,
    text: "the server refused us ({reason})",
  },
  {
    rule: "stratum_zero",
    when: { stratum_max: 0, reasons: ["none", "stratum_zero"] },
    step: -2,
    cap: 5,
    text: "stratum 0 without a kiss code",
  },
  { rule: "failed", when: { failed: true }, step: -4, text: "the check failed ({reason})" },
  {
    rule: "offset_above_3s",
    when: { offset_above: "3s" },
    step: -4,
    cap: -20,
    text: "offset {offset} is beyond 3 s",
  },
  {
    rule: "stratum_8_or_more",
    when: { stratum_min: 8 },
    step: -4,
    text: "stratum {stratum} is 8 or more",
  },
  {
    rule: "offset_above_750ms",
    when: { offset_above: "750ms" },
    step: -2,
    text: "offset {offset} is beyond 750 ms",
  },
  {
    rule: "offset_above_100ms",
    when: { offset_above: "100ms" },
    step: 0.731,
    step_per_second: -2.308,
    text: "offset {offset}: 0.731 − 2.308 per second",
  },
  {
    rule: "offset_above_25ms",
    when: { offset_above: "25ms" },
    step: 1.167,
    step_per_second: -6.667,
    step_max: 1,
    text: "offset {offset}: 1.167 − 6.667 per second, at most 1",
  },
  { rule: "offset_good", step: 1, text: "offset {offset} is within 25 ms" },
];

const SHARED = {
  version: 1,
  decay: 0.95,
  steps: STEPS,
  recent_median: [
    { statuses: ["active"], lookback: "20m" },
    { statuses: ["active", "testing"], lookback: "45m" },
    { statuses: ["candidate", "testing"], lookback: "2h" },
  ],
  every: { offset_above: "3s", score: -20 },
};

/** As they are written by hand; parse-rule-set.ts tells what each key means. */
export const BUILT_IN_RULE_DOCUMENTS: readonly { readonly [key: string]: unknown }[] = [
  {
    name: "ntp_pool_recentmedian",
    about:
      "The NTP Pool's: the overall score is the median of what the active monitors made of the server lately.",
    overall: "recent_median",
    ...SHARED,
  },
  {
    name: "ntp_pool_every",
    about:
      "The NTP Pool's older one: the overall score goes on with the result of each monitor as if they were one.",
    overall: "every",
    ...SHARED,
  },
];

/** The rule sets that every installation has. */
export const BUILT_IN_RULE_SETS: readonly RuleSet[] = BUILT_IN_RULE_DOCUMENTS.map((document) => {
  const parsed = parseRuleSet(document);
  assert(parsed.ok, `a rule set that is built in is right: ${JSON.stringify(document["name"])}`);
  return parsed.value;
});

function builtIn(index: number): RuleSet {
  const set = BUILT_IN_RULE_SETS[index];
  assert(set !== undefined, "there are two rule sets that are built in");
  return set;
}

/** What is in force where nobody has chosen another. */
export const NTP_POOL_RECENT_MEDIAN: RuleSet = builtIn(0);
/** Beside it. */
export const NTP_POOL_EVERY: RuleSet = builtIn(1);

/** What versions before rule sets were data wrote beside their results, and which set it was. */
const FORMER_NAMES: ReadonlyMap<string, RuleSet> = new Map([
  ["ntp_pool_step/1", NTP_POOL_RECENT_MEDIAN],
  ["recent_median/1", NTP_POOL_RECENT_MEDIAN],
  ["every/1", NTP_POOL_RECENT_MEDIAN],
]);

/** By "name/version", those of former versions as well. */
export function builtInRuleSet(text: string): RuleSet | undefined {
  return BUILT_IN_RULE_SETS.find((set) => ruleSetText(set) === text) ?? FORMER_NAMES.get(text);
}
