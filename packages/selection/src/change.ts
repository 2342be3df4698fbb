// A change of one assignment, and why. The texts are the NTP Pool's where the meaning is the same; programs compare the
// codes.

import type { AssignmentStatus } from "./snapshot.ts";

/** Why an assignment changes. */
export type ChangeReason =
  | "blocked"
  | "gradual_removal"
  | "excess_active"
  | "promotion"
  | "emergency_promotion"
  | "swap_demote"
  | "swap_promote"
  | "to_testing"
  | "emergency_to_testing"
  | "bootstrap_healthy"
  | "bootstrap_emergency"
  | "replaced"
  | "replacement"
  | "excess_testing"
  | "constraint_paused"
  | "constraint_resolved";

/** The reasons in words, each a text without numbers. */
export const CHANGE_REASON_TEXTS: Readonly<Record<ChangeReason, string>> = {
  blocked: "blocked by constraints or global status",
  gradual_removal: "gradual removal (health or constraints)",
  excess_active: "excess active demotion",
  promotion: "promotion to active",
  emergency_promotion: "emergency promotion: zero active monitors",
  swap_demote: "active-testing swap (demote)",
  swap_promote: "active-testing swap (promote)",
  to_testing: "candidate to testing",
  emergency_to_testing: "emergency promotion to testing: zero active monitors",
  bootstrap_healthy: "bootstrap: promoting healthy candidate",
  bootstrap_emergency: "bootstrap emergency promotion to testing: zero active monitors",
  replaced: "replaced by better candidate",
  replacement: "replacement promotion",
  excess_testing: "excess testing monitors",
  constraint_paused: "constraint violation: pausing",
  constraint_resolved: "constraint resolution: unpausing resolved constraint",
};

/** `from` is the status in the snapshot: whoever writes the change writes it only where that still holds. */
export interface Change {
  readonly monitorId: bigint;
  readonly from: AssignmentStatus;
  readonly to: AssignmentStatus;
  readonly reason: ChangeReason;
}
