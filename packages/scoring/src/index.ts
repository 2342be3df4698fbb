export { type EveryStep, everyScore } from "./every.ts";
export {
  type LegacyErrorDetail,
  type LegacyStatus,
  legacyErrorText,
  reasonFromLegacyError,
} from "./legacy-error.ts";
export {
  BUILT_IN_RULE_DOCUMENTS,
  BUILT_IN_RULE_SETS,
  builtInRuleSet,
  NTP_POOL_EVERY,
  NTP_POOL_RECENT_MEDIAN,
} from "./ntp-pool-rules.ts";
export { parseRuleSet } from "./parse-rule-set.ts";
export {
  type AssignedRow,
  type AssignmentStatus,
  type RecentMedianAttempt,
  type RecentMedianRow,
  recentMedian,
  recentMedianRows,
} from "./recent-median.ts";
export { type RuleProblem, ruleProblemText } from "./rule-fields.ts";
export {
  type OverallMethod,
  type RuleSet,
  type RuleSetId,
  ruleSetText,
  ruleSetTextOf,
  voteLookbackNs,
} from "./rule-set.ts";
export { nextScore, type ScoreStep, scoreStep } from "./score-step.ts";
export { isStatusReason, LEGACY_STATUS_REASONS, type StatusReason } from "./status-reason.ts";
export type { ScoredStatus } from "./step-table.ts";
export { type Verdict, type VerdictKind, verdictOf } from "./verdict.ts";
export { VERDICT_REASONS, type VerdictReason } from "./verdict-reason.ts";
export type { TallyInput as VerdictInput } from "./verdict-tally.ts";
export {
  countVotes,
  type VoteCount,
  type VoteRefusal,
  type VoteStanding,
} from "./vote-standing.ts";
export {
  legacyBoundNs,
  VERDICT_POLICY_POOL,
  VERDICT_POLICY_UP,
  type VerdictPolicy,
  type Witness,
  type WitnessAnswer,
} from "./witness.ts";
