// When a server is reviewed again: soon while it is short of monitors, in an hour after a change (so that new ones have
// measured), and ever more seldom while nothing changes. Events do not wait for that.

import type { ReviewPlan, SelectionPolicy } from "@truechimer/selection";

const MINUTE_MS = 60_000;
const SHORTAGE_REVIEW_MS = 5 * MINUTE_MS;
const CHANGED_REVIEW_MS = 60 * MINUTE_MS;
const STABLE_REVIEW_MS = 20 * MINUTE_MS;
const STABLE_REVIEW_MS_MAX = 360 * MINUTE_MS;
/** A monitor that has gone silent is late only after this moment, not at it. */
const RECHECK_MARGIN_MS = 1_000;

export interface ReviewedServer {
  /** Undefined: it has no assignment. */
  readonly plan: ReviewPlan | undefined;
  readonly policy: SelectionPolicy;
  /** Reviews without a change, this one included. */
  readonly quiet: number;
  readonly nowMs: number;
}

/** Milliseconds from now. */
export function nextReviewMs({ plan, policy, quiet, nowMs }: ReviewedServer): number {
  if (plan === undefined) return STABLE_REVIEW_MS_MAX;
  const recheckMs =
    plan.recheckAtMs === undefined
      ? Number.POSITIVE_INFINITY
      : Math.max(RECHECK_MARGIN_MS, plan.recheckAtMs - nowMs + RECHECK_MARGIN_MS);
  return Math.min(regularMs(plan, policy, quiet), recheckMs);
}

function regularMs(plan: ReviewPlan, policy: SelectionPolicy, quiet: number): number {
  const isShort = plan.usableAfter < Math.min(policy.activeTarget, plan.target.usable);
  if (isShort || plan.shortage !== undefined) return SHORTAGE_REVIEW_MS;
  if (plan.changes.length > 0) return CHANGED_REVIEW_MS;
  return Math.min(STABLE_REVIEW_MS_MAX, STABLE_REVIEW_MS * 2 ** Math.max(0, quiet - 1));
}
