export type { Budget } from "./budget.ts";
export { CHANGE_REASON_TEXTS, type Change, type ChangeReason } from "./change.ts";
export type { Hold, MonitorExplanation } from "./explain.ts";
export { explanationText } from "./explanation-text.ts";
export { networkAddress, networkKey } from "./network-key.ts";
export { type PlanOptions, planReview, type ReviewPlan } from "./plan-review.ts";
export {
  POOL_SELECTION,
  PRIVATE_SELECTION,
  PURE_PRIORITY_SELECTION,
  SELECTION_POLICIES,
  type SelectionPolicy,
  type SelectionPolicyChange,
} from "./policy.ts";
export { type Shortage, USABLE_MIN } from "./shortage.ts";
export type {
  AssignmentStatus,
  GlobalStatus,
  MeasurementFacts,
  MonitorFacts,
  ServerFacts,
  Snapshot,
  ViolationType,
} from "./snapshot.ts";
export type { Slack, SlackKind } from "./target.ts";
export type { Violation } from "./violations.ts";
