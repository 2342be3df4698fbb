// One review: from what is known of a server and its monitors to the changes that make its assignments better, with the
// reasons. Pure: the same snapshot, policy and time give the same plan, in whatever order the monitors come.

import type { Change, ChangeReason } from "./change.ts";
import type { OutOfTime } from "./choose-best.ts";
import { explanationsOf, type MonitorExplanation } from "./explain.ts";
import type { SelectionPolicy } from "./policy.ts";
import { type Shortage, shortageOf } from "./shortage.ts";
import type { Snapshot } from "./snapshot.ts";
import { type Field, fieldOf, freshUntilMs, type Standing } from "./standing.ts";
import { type Budget, type Step, stepTowards } from "./step.ts";
import { type Slack, type Target, targetOf } from "./target.ts";
import { byRank, type Violation, violationsOf } from "./violations.ts";

/** After so long a plan gives the best that it has found. */
const PLAN_MS_MAX = 20;

/** What a review would change, and why. */
export interface ReviewPlan {
  /** In the order of writing; one for a monitor at most. */
  readonly changes: readonly Change[];
  /** Limits that gave way, in the order in which they may. */
  readonly slack: readonly Slack[];
  readonly explanation: readonly MonitorExplanation[];
  /** Limits that the assignments break as they are in the snapshot. */
  readonly violations: readonly Violation[];
  /** Paused assignments that were looked at and stay so. */
  readonly rechecked: readonly bigint[];
  readonly budget: Budget;
  readonly usableBefore: number;
  readonly usableAfter: number;
  readonly activeAfter: number;
  /** Why there are too few usable active monitors after it. Absent: there are enough. */
  readonly shortage?: Shortage;
  /** The best assignment, which this review may only begin to reach. */
  readonly target: {
    readonly active: readonly bigint[];
    readonly testing: readonly bigint[];
    /** Of the active: how many are usable. */
    readonly usable: number;
  };
  /** The changes lead to the target: nothing is left for a next review. */
  readonly complete: boolean;
  /** False: time ran out; `gapPoints` says how much better the best active and testing set could be at most. */
  readonly proven: boolean;
  readonly gapPoints: number;
  /** When the first active monitor that has gone silent becomes stale. Absent: none has. */
  readonly recheckAtMs?: number;
  /** The server's or a monitor's address cannot be read: nothing is done about it but to say so. */
  readonly unclearAddresses: readonly ("server" | bigint)[];
}

/** How long a plan may take. */
export interface PlanOptions {
  /** Milliseconds since some fixed instant; by it the search ends. Absent: the search has no end but its own. */
  readonly monotonicMs?: () => number;
  readonly msMax?: number;
}

/** The changes of one review, with the reasons. `nowMs` is Unix milliseconds. */
export function planReview(
  snapshot: Snapshot,
  policy: SelectionPolicy,
  nowMs: number,
  options: PlanOptions = {},
): ReviewPlan {
  const outOfTime = deadline(options);
  const field = fieldOf(snapshot, policy, nowMs);
  const target = targetOf(field, outOfTime);
  const step = stepTowards(field, target, outOfTime);
  const paused = pausedOf(field);
  const changes = [...changesOf(field, step), ...paused.changes];
  const after = statusesAfter(field, changes);
  const usable = (status: string, { usable: is }: Standing): boolean => status === "active" && is;
  const count = (is: (status: string, standing: Standing) => boolean): number =>
    field.standings.filter((standing, place) => is(after[place] ?? "", standing)).length;
  const usableAfter = count(usable);
  const shortage = shortageOf(field, target, usableAfter);
  const recheckAtMs = recheckAt(field, after);
  return {
    changes,
    slack: target.slack,
    explanation: explanationsOf({ field, target, changes }),
    violations: violationsOf(field),
    rechecked: paused.rechecked,
    budget: step.budget,
    usableBefore: field.standings.filter((standing) => usable(standing.facts.status, standing))
      .length,
    usableAfter,
    activeAfter: count((status) => status === "active"),
    ...(shortage === undefined ? {} : { shortage }),
    target: {
      active: idsAt(field, target.active),
      testing: idsAt(field, target.testing),
      usable: target.usable.size,
    },
    complete: isComplete(field, target, after),
    proven: step.proven && target.gapPoints === 0,
    gapPoints: target.gapPoints,
    ...(recheckAtMs === undefined ? {} : { recheckAtMs }),
    unclearAddresses: [
      ...(field.serverAddressUnclear ? (["server"] as const) : []),
      ...field.standings.filter(({ role }) => role === "unclear").map(({ facts }) => facts.id),
    ],
  };
}

function deadline({ monotonicMs, msMax = PLAN_MS_MAX }: PlanOptions): OutOfTime {
  if (monotonicMs === undefined) return () => false;
  const end = monotonicMs() + msMax;
  return () => monotonicMs() > end;
}

function changesOf(field: Field, step: Step): readonly Change[] {
  const at = (place: number): Standing => field.standings[place] as Standing;
  const active = field.standings.filter(
    ({ facts, role }) => facts.status === "active" && role !== "scorer",
  );
  const testing = field.standings.filter(
    ({ facts, role }) => facts.status === "testing" && role !== "scorer",
  );
  const removed = step.removed.map(({ place }) => place);
  const destinations = new Map(step.removed.map(({ place, to }) => [place, to]));
  const fit = removed.filter((place) => at(place).testable);
  const leavesActive = fit.filter((place) => at(place).facts.status === "active");
  const leavesTesting = fit.filter((place) => at(place).facts.status === "testing");
  const { policy } = field;
  // Of those that leave without need, so many leave because there are too many; the others make room for better ones.
  const gone = [...step.forced, ...removed].filter((place) => at(place).facts.status === "active");
  const stay = active.length - gone.length;
  const free = Math.max(0, policy.activeTarget - stay - leavesActive.length);
  const swaps = Math.min(leavesActive.length, Math.max(0, step.toActive.length - free));
  const excessTesting = active.length + testing.length - policy.activeTarget - policy.testingTarget;
  const replacedTesting = Math.max(0, leavesTesting.length - Math.max(0, excessTesting));
  const emergency = active.length === 0;
  const rank = (a: number, b: number): number => byRank(at(a), at(b));
  const changes: Change[] = [];
  const add = (places: readonly number[], to: Change["to"], reason: ChangeReason): void => {
    for (const place of places) {
      const { facts } = at(place);
      changes.push({ monitorId: facts.id, from: facts.status, to, reason });
    }
  };
  add(step.forced, "candidate", "blocked");
  for (const place of removed) {
    if (at(place).testable) continue;
    const to = destinations.get(place) ?? "candidate";
    add([place], to, to === "paused" ? "constraint_paused" : "gradual_removal");
  }
  const violating = new Set(violationsOf(field).map(({ monitorId }) => monitorId));
  for (const [index, place] of leavesActive.toSorted(rank).entries()) {
    const { facts } = at(place);
    const isSwap = index < swaps;
    const reason = isSwap ? "swap_demote" : "excess_active";
    add(
      [place],
      destinations.get(place) ?? "testing",
      violating.has(facts.id) ? "gradual_removal" : reason,
    );
  }
  for (const [index, place] of leavesTesting.toSorted(rank).entries()) {
    const { facts } = at(place);
    const isReplaced = index < replacedTesting;
    add(
      [place],
      "candidate",
      violating.has(facts.id) ? "gradual_removal" : isReplaced ? "replaced" : "excess_testing",
    );
  }
  for (const [index, place] of step.toActive.toSorted(rank).entries()) {
    const isSwap = index >= step.toActive.length - swaps;
    add(
      [place],
      "active",
      emergency ? "emergency_promotion" : isSwap ? "swap_promote" : "promotion",
    );
  }
  for (const [index, place] of step.toTesting.toSorted(rank).entries()) {
    const isReplacement = index >= step.toTesting.length - replacedTesting;
    const reason = testingReason({ emergency, bootstrap: testing.length === 0, isReplacement });
    add([place], "testing", reason);
  }
  return changes;
}

function testingReason(of: {
  readonly emergency: boolean;
  readonly bootstrap: boolean;
  readonly isReplacement: boolean;
}): ChangeReason {
  if (of.emergency) return of.bootstrap ? "bootstrap_emergency" : "emergency_to_testing";
  if (of.bootstrap) return "bootstrap_healthy";
  return of.isReplacement ? "replacement" : "to_testing";
}

interface PausedOutcome {
  readonly changes: readonly Change[];
  readonly rechecked: readonly bigint[];
}

/** Candidates that may not watch the server are paused; paused ones are looked at again when it is time. */
function pausedOf({ standings, policy, nowMs }: Field): PausedOutcome {
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

function statusesAfter({ standings }: Field, changes: readonly Change[]): readonly string[] {
  const to = new Map(changes.map((change) => [change.monitorId, change.to]));
  return standings.map(({ facts, role }) =>
    role === "scorer" ? "" : (to.get(facts.id) ?? facts.status),
  );
}

function isComplete({ standings }: Field, target: Target, after: readonly string[]): boolean {
  return standings.every(({ role }, place) => {
    if (role === "unclear" || role === "scorer") return true;
    const isActive = after[place] === "active";
    const isTesting = after[place] === "testing";
    return isActive === target.active.has(place) && isTesting === target.testing.has(place);
  });
}

function recheckAt({ standings }: Field, after: readonly string[]): number | undefined {
  const ends = standings.flatMap(({ facts, usable }, place) =>
    after[place] === "active" && usable && !facts.online ? [freshUntilMs(facts)] : [],
  );
  return ends.length === 0 ? undefined : Math.min(...ends);
}

function idsAt({ standings }: Field, places: ReadonlySet<number>): readonly bigint[] {
  return [...places].toSorted((a, b) => a - b).flatMap((place) => standings[place]?.facts.id ?? []);
}
