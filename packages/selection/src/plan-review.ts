// One review: from what is known of a server and its monitors to the changes that make its assignments better, with the
// reasons. Pure: the same snapshot, policy and time give the same plan, in whatever order the monitors come.

import type { Budget } from "./budget.ts";
import type { Change } from "./change.ts";
import type { OutOfTime } from "./choice-problem.ts";
import { explanationsOf, type MonitorExplanation } from "./explain.ts";
import { pausedChanges } from "./paused-changes.ts";
import type { SelectionPolicy } from "./policy.ts";
import { type Shortage, shortageOf } from "./shortage.ts";
import type { Snapshot } from "./snapshot.ts";
import { type Field, fieldOf, freshUntilMs, type Standing } from "./standing.ts";
import { stepTowards } from "./step.ts";
import { stepChanges } from "./step-changes.ts";
import { type Slack, type Target, targetOf } from "./target.ts";
import { type Violation, violationsOf } from "./violations.ts";

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
  const violations = violationsOf(field);
  const paused = pausedChanges(field);
  const changes = [...stepChanges(field, step, violations), ...paused.changes];
  const after = statusesAfter(field, changes);
  const usable = (status: string, { usable: is }: Standing): boolean => status === "active" && is;
  const count = (is: (status: string, standing: Standing) => boolean): number =>
    field.standings.filter((standing, place) => is(after[place] as string, standing)).length;
  const usableAfter = count(usable);
  const shortage = shortageOf(field, target, usableAfter);
  const recheckAtMs = recheckAt(field, after);
  let explanation: readonly MonitorExplanation[] | undefined;
  return {
    changes,
    slack: target.slack,
    get explanation() {
      // Reviews do not read them; people do.
      explanation ??= explanationsOf({ field, target, changes });
      return explanation;
    },
    violations,
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
  const sorted = [...places].toSorted((a, b) => a - b);
  return sorted.map((place) => (standings[place] as Standing).facts.id);
}
