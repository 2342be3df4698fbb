// The least number of reviews that the budgets leave between a server's state and its target, whatever the plan: removals
// and promotions that must happen, so many of a kind a review, and the way over testing. As many usable ones as can be come
// first, so who fills in meanwhile must leave again; and the larger budget ends as soon as five are usable.

import {
  type MonitorFacts,
  planReview,
  type SelectionPolicy,
  type Snapshot,
} from "@truechimer/selection";

export interface LowerBoundInput {
  readonly start: Snapshot;
  readonly end: Snapshot;
  readonly policy: SelectionPolicy;
  readonly nowMs: number;
  /** Reviews before which fewer than five were usable. */
  readonly shortReviews: number;
}

/** What must happen, by kind, and how many reviews the longest way of one monitor takes. */
interface Work {
  readonly removals: number;
  readonly toActive: number;
  readonly toTesting: number;
  readonly way: number;
  /** Paused or deleted: they leave beside the budget, and are replaced beside it. */
  readonly forced: number;
}

export function reviewsAtLeast(input: LowerBoundInput): number {
  const { policy, shortReviews } = input;
  const work = workOf(input);
  const base = policy.budget ?? Number.POSITIVE_INFINITY;
  const large = policy.shortageBudget ?? base;
  const pace = { base, large, shortReviews };
  return Math.max(
    work.way,
    reviewsFor(work.removals + fillingIn(input), pace),
    reviewsFor(work.toActive - work.forced, pace),
    reviewsFor(work.toTesting - work.forced, pace),
  );
}

function workOf(input: LowerBoundInput): Work {
  const to = new Map(input.end.monitors.map(({ id, status }) => [id, status]));
  const work = { removals: 0, toActive: 0, toTesting: 0, way: 0, forced: 0 };
  for (const monitor of input.start.monitors) {
    const target = to.get(monitor.id);
    const { status, globalStatus } = monitor;
    if (target === undefined || target === status) continue;
    if (globalStatus === "paused" || globalStatus === "deleted") {
      work.forced += 1;
      work.way = Math.max(work.way, 1);
    } else if (status === "active") {
      const steps = target === "testing" ? 1 : stepsOut(input, monitor);
      work.removals += steps;
      work.way = Math.max(work.way, steps);
    } else if (status === "testing") {
      if (target === "active") work.toActive += 1;
      else work.removals += 1;
      work.way = Math.max(work.way, 1);
    } else if (target === "active") {
      work.toTesting += 1;
      work.toActive += 1;
      work.way = Math.max(work.way, 2);
    } else {
      if (target === "testing") work.toTesting += 1;
      work.way = Math.max(work.way, 1);
    }
  }
  return work;
}

/** A usable one goes by way of testing; an unfit one, or one beside another of its network, does not. */
function stepsOut({ start, end, policy, nowMs }: LowerBoundInput, monitor: MonitorFacts): number {
  const isUnfit = (monitor.measured?.meanStep ?? 0) < 0 || monitor.globalStatus === "pending";
  const isOwn = monitor.accountId === start.server.accountId;
  if (isUnfit || isOwn) return 1;
  const { active, testing } = planReview(start, policy, nowMs).target;
  const wanted = new Set([...active, ...testing]);
  const isBeside = end.monitors.some(
    ({ id, ip, status }) =>
      id !== monitor.id &&
      networkOf(ip) === networkOf(monitor.ip) &&
      (status === "active" || status === "testing" || wanted.has(id)),
  );
  return isBeside ? 1 : 2;
}

function networkOf(ip: string | undefined): string {
  const [a, b, c] = (ip ?? "").split(".");
  return `${a}.${b}.${Number(c) >>> 4}`;
}

/**
 * Removals of those that must become active in the first review although they do not stay it, to have more usable ones.
 * They were testing ones: from active back to testing it is one more.
 */
function fillingIn({ start, end, policy, nowMs }: LowerBoundInput): number {
  const first = planReview(start, policy, nowMs);
  const to = new Map(end.monitors.map(({ id, status }) => [id, status]));
  const promoted = first.changes.filter(({ to: status }) => status === "active");
  const ready = promoted.filter(({ monitorId }) => to.get(monitorId) === "active").length;
  const missing = Math.max(0, first.usableAfter - first.usableBefore - ready);
  return Math.min(missing, promoted.length - ready);
}

function reviewsFor(
  count: number,
  {
    base,
    large,
    shortReviews,
  }: { readonly base: number; readonly large: number; readonly shortReviews: number },
): number {
  if (count <= 0) return 0;
  const fast = shortReviews * large;
  return count <= fast ? Math.ceil(count / large) : shortReviews + Math.ceil((count - fast) / base);
}
