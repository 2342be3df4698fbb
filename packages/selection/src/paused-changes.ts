// Candidates that may not watch the server are paused; paused ones are looked at again when it is time.

import type { Change } from "./change.ts";
import type { Field } from "./standing.ts";

/** What became of the paused. */
export interface PausedOutcome {
  readonly changes: readonly Change[];
  /** Looked at, and paused as before. */
  readonly rechecked: readonly bigint[];
}

/** Beside the step: they count against no budget. */
export function pausedChanges({ standings, policy, nowMs }: Field): PausedOutcome {
  const changes: Change[] = [];
  const rechecked: bigint[] = [];
  for (const { facts, role } of standings) {
    const { id, status, lastConstraintCheckAtMs } = facts;
    if (status === "candidate" && role === "excluded") {
      changes.push({ monitorId: id, from: status, to: "paused", reason: "constraint_paused" });
    }
    if (status !== "paused" || role === "scorer") continue;
    const isDue = nowMs - (lastConstraintCheckAtMs ?? Number.NEGATIVE_INFINITY) > policy.recheckMs;
    if (!isDue) continue;
    if (role === "eligible") {
      changes.push({ monitorId: id, from: status, to: "candidate", reason: "constraint_resolved" });
    } else {
      rechecked.push(id);
    }
  }
  return { changes, rechecked };
}
