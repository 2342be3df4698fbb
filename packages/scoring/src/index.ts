export { type EveryStep, everyScore } from "./every.ts";
export {
  type LegacyErrorDetail,
  type LegacyStatus,
  legacyErrorText,
  reasonFromLegacyError,
} from "./legacy-error.ts";
export {
  type AssignedRow,
  type AssignmentStatus,
  RECENT_MEDIAN_ATTEMPTS,
  type RecentMedianAttempt,
  type RecentMedianRow,
  recentMedian,
  recentMedianRows,
} from "./recent-median.ts";
export {
  EVERY_RULE_SET,
  RECENT_MEDIAN_RULE_SET,
  type RuleSet,
  ruleSetText,
  STEP_RULE_SET,
  VERDICT_RULE_SET,
} from "./rule-set.ts";
export {
  nextScore,
  SCORE_DECAY,
  type ScoredStatus,
  type ScoreStep,
  STEP_RULES,
  type StepRule,
  scoreStep,
} from "./score-step.ts";
export { isStatusReason, LEGACY_STATUS_REASONS, type StatusReason } from "./status-reason.ts";
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
