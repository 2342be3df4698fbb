// A scenario reviewed again and again until nothing changes, and what is counted on the way.

import {
  planReview,
  type ReviewPlan,
  type SelectionPolicy,
  type Snapshot,
} from "@truechimer/selection";

const REVIEWS_MAX = 60;
const CHANGED_REVIEW_MS = 3_600_000;
const STABLE_REVIEW_MS = 1_200_000;

export interface Convergence {
  /** Reviews that changed something. */
  readonly reviews: number;
  readonly fixedPoint: boolean;
  readonly cycle: boolean;
  /** Reviews that changed a monitor twice. */
  readonly doubled: number;
  readonly fellToZero: boolean;
  readonly fewerUsable: boolean;
  /** Reviews before which fewer than five were usable. */
  readonly shortReviews: number;
  readonly last: Snapshot;
  readonly plan: ReviewPlan;
  readonly planMs: readonly number[];
}

/** The snapshot after the plan, as it would be read `laterMs` on with the same measurements. */
export function applyPlan(
  snapshot: Snapshot,
  plan: ReviewPlan,
  nowMs: number,
  laterMs: number,
): Snapshot {
  const changed = new Map(plan.changes.map((change) => [change.monitorId, change]));
  return {
    ...snapshot,
    monitors: snapshot.monitors.map((monitor) => {
      const change = changed.get(monitor.id);
      const measured = monitor.measured && { ...monitor.measured, lastCheckAtMs: nowMs + laterMs };
      const heard = measured === undefined ? {} : { measured };
      if (change === undefined) return { ...monitor, ...heard };
      const { from, to } = change;
      const demoted = from === "active" && to !== "active";
      return {
        ...monitor,
        ...heard,
        status: to,
        statusSinceMs: nowMs,
        ...(demoted ? { demotedAtMs: nowMs } : {}),
        ...(to === "paused" ? { lastConstraintCheckAtMs: nowMs } : {}),
      };
    }),
  };
}

export function converge(start: Snapshot, policy: SelectionPolicy, startMs: number): Convergence {
  let snapshot = start;
  let nowMs = startMs;
  let doubled = 0;
  let fellToZero = false;
  let fewerUsable = false;
  let shortReviews = 0;
  const planMs: number[] = [];
  const seen = new Set<string>([stateOf(snapshot)]);
  let cycle = false;
  for (let review = 0; review <= REVIEWS_MAX; review += 1) {
    const began = performance.now();
    const plan = planReview(snapshot, policy, nowMs);
    planMs.push(performance.now() - began);
    const ids = plan.changes.map(({ monitorId }) => monitorId);
    if (new Set(ids).size < ids.length) doubled += 1;
    const before = snapshot.monitors.filter(({ status }) => status === "active").length;
    if (before > 0 && plan.activeAfter === 0) fellToZero = true;
    if (plan.usableAfter < Math.min(plan.target.usable, plan.usableBefore)) fewerUsable = true;
    if (plan.changes.length === 0 || review === REVIEWS_MAX || cycle) {
      const fixedPoint = plan.changes.length === 0;
      return {
        reviews: review,
        fixedPoint,
        cycle,
        doubled,
        fellToZero,
        fewerUsable,
        shortReviews,
        last: snapshot,
        plan,
        planMs,
      };
    }
    if (plan.usableBefore < policy.shortageBelow) shortReviews += 1;
    const laterMs = plan.changes.length > 0 ? CHANGED_REVIEW_MS : STABLE_REVIEW_MS;
    snapshot = applyPlan(snapshot, plan, nowMs, laterMs);
    nowMs += laterMs;
    const state = stateOf(snapshot);
    cycle = seen.has(state);
    seen.add(state);
  }
  throw new RangeError("a scenario has at least one review");
}

function stateOf({ monitors }: Snapshot): string {
  return monitors.map(({ status }) => status[0]).join("");
}
