// Rules that decide about servers have a name and a version, which are kept beside what they decided. A change of any
// number in a rule set is a new version.

/** A rule set as it is stored beside what it decided. */
export interface RuleSet {
  readonly name: string;
  readonly version: number;
}

/** Outcome of a check → step, decay and cap. The NTP Pool's table. */
export const STEP_RULE_SET: RuleSet = { name: "ntp_pool_step", version: 1 };

/** Scores of the monitors → overall score. The NTP Pool's recent median. */
export const RECENT_MEDIAN_RULE_SET: RuleSet = { name: "recent_median", version: 1 };

/** Results of all monitors as if of one → a score for comparison. The NTP Pool's `every`. */
export const EVERY_RULE_SET: RuleSet = { name: "every", version: 1 };

/** What the fleet holds of a server. */
export const VERDICT_RULE_SET: RuleSet = { name: "verdict", version: 1 };

/** `ntp_pool_step/1`. */
export function ruleSetText({ name, version }: RuleSet): string {
  return `${name}/${version}`;
}
