// The least number of reviews that the budgets leave between a server's state and its target, whatever the plan: removals
// and promotions that must happen, so many of a kind a review, and the way over testing. As many usable ones as can be come
// first, so who fills in meanwhile must leave again; and the larger budget ends as soon as five are usable.

import {
  type MonitorFacts,
  planReview,
  type ReviewPlan,
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
  /** Of those that become active: candidates that must be tested before. */
  readonly tested: number;
  /** Usable active ones that leave by way of testing. */
  readonly leavers: number;
  /** Removals of usable active ones, each step of them. */
  readonly usableRemovals: number;
  readonly way: number;
  /** Paused or deleted: they leave beside the budget, and are replaced beside it. */
  readonly forced: number;
}

/** Who is demoted in the second review at the earliest is gone in the third. */
const LATE_LEAVER_REVIEWS = 3;

export function reviewsAtLeast(input: LowerBoundInput): number {
  const { policy, shortReviews } = input;
  const work = workOf(input);
  const base = policy.budget ?? Number.POSITIVE_INFINITY;
  const large = policy.shortageBudget ?? base;
  const pace = { base, large, shortReviews };
  // Candidates are tested first: they become active from the second review on, when what was paused is replaced already.
  const first = planReview(input.start, policy, input.nowMs);
  const isFirstShort = first.usableBefore < policy.shortageBelow;
  const tested = { ...pace, shortReviews: Math.max(0, shortReviews - (isFirstShort ? 1 : 0)) };
  const awaited = reviewsFor(work.tested - standIns(input), tested);
  const atOnce = demotedAtOnce(input, first);
  const demoted = reviewsFor(work.usableRemovals - atOnce, tested);
  return Math.max(
    work.way,
    work.leavers > atOnce ? LATE_LEAVER_REVIEWS : 0,
    awaited > 0 ? 1 + awaited : 0,
    demoted > 0 ? 1 + demoted : 0,
    reviewsFor(work.removals + fillingIn(input), pace),
    reviewsFor(work.toActive - work.forced, pace),
    reviewsFor(work.toTesting - work.forced, pace),
  );
}

function workOf(input: LowerBoundInput): Work {
  const to = new Map(input.end.monitors.map(({ id, status }) => [id, status]));
  const work = {
    removals: 0,
    toActive: 0,
    toTesting: 0,
    tested: 0,
    leavers: 0,
    usableRemovals: 0,
    way: 0,
    forced: 0,
  };
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
      if (steps === 2) work.leavers += 1;
      if (isUsable(input.start, monitor)) work.usableRemovals += steps;
      work.way = Math.max(work.way, steps);
    } else if (status === "testing") {
      if (target === "active") work.toActive += 1;
      else work.removals += 1;
      work.way = Math.max(work.way, 1);
    } else if (target === "active") {
      work.toTesting += 1;
      work.toActive += 1;
      if (!isBesideActive(input.start, monitor)) work.tested += 1;
      work.way = Math.max(work.way, isBesideActive(input.start, monitor) ? 1 : 2);
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

function isUsable({ server }: Snapshot, monitor: MonitorFacts): boolean {
  const { accountId, globalStatus, measured } = monitor;
  return (
    globalStatus === "active" && (measured?.meanStep ?? 0) >= 0 && accountId !== server.accountId
  );
}

/** How many usable ones the first review can demote: as many as come beyond those that the target has. */
function demotedAtOnce({ start }: LowerBoundInput, first: ReviewPlan): number {
  const ready = start.monitors.filter(
    ({ status, globalStatus, measured }) =>
      status === "testing" && globalStatus === "active" && (measured?.meanStep ?? 0) >= 0,
  );
  const come = Math.min(ready.length, first.budget.toActive);
  return Math.max(0, first.usableBefore + come - first.target.usable);
}

/** It takes the place of the active one of its network without a test. */
function isBesideActive({ monitors }: Snapshot, { id, ip }: MonitorFacts): boolean {
  return monitors.some(
    (other) =>
      other.id !== id && other.status === "active" && networkOf(other.ip) === networkOf(ip),
  );
}

/** Where no active monitor can stay, one candidate becomes active without a test. */
function standIns({ start }: LowerBoundInput): number {
  const stays = start.monitors.some(
    ({ status, globalStatus }) => status === "active" && globalStatus === "active",
  );
  return stays ? 0 : 1;
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
