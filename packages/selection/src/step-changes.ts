// The changes of a step in the order of writing, each with its reason: who leaves before who comes.

import type { Change, ChangeReason } from "./change.ts";
import type { AssignmentStatus } from "./snapshot.ts";
import type { Field, Standing } from "./standing.ts";
import type { Removal, Step } from "./step.ts";
import { byRank, type Violation } from "./violations.ts";

/** One a monitor. */
export function stepChanges(
  field: Field,
  step: Step,
  violations: readonly Violation[],
): readonly Change[] {
  const counts = countsOf(field, step);
  const { removed, toActive, toTesting } = rankedStep(field, step);
  const violating = new Set(violations.map(({ monitorId }) => monitorId));
  const change = (place: number, to: AssignmentStatus, reason: ChangeReason): Change => {
    const { id, status } = at(field, place).facts;
    return { monitorId: id, from: status, to, reason };
  };
  const leave = (
    status: AssignmentStatus,
    reasonOf: (index: number) => ChangeReason,
  ): readonly Change[] =>
    removed
      .filter(({ place }) => at(field, place).testable)
      .filter(({ place }) => at(field, place).facts.status === status)
      .map(({ place, to }, index) => {
        const isViolating = violating.has(at(field, place).facts.id);
        return change(place, to, isViolating ? "gradual_removal" : reasonOf(index));
      });
  return [
    ...step.forced.map((place) => change(place, "candidate", "blocked")),
    ...step.removed
      .filter(({ place }) => !at(field, place).testable)
      .map(({ place, to }) =>
        change(place, to, to === "paused" ? "constraint_paused" : "gradual_removal"),
      ),
    ...leave("active", (index) => (index < counts.swaps ? "swap_demote" : "excess_active")),
    ...leave("testing", (index) => (index < counts.replaced ? "replaced" : "excess_testing")),
    ...toActive.map((place, index) => {
      const isSwap = index >= toActive.length - counts.swaps;
      const isStandIn = counts.noneLeft && at(field, place).facts.status === "candidate";
      return change(place, "active", activeReason(counts.emergency || isStandIn, isSwap));
    }),
    ...toTesting.map((place, index) => {
      const isReplacement = index >= toTesting.length - counts.replaced;
      return change(place, "testing", testingReason({ ...counts, isReplacement }));
    }),
  ];
}

function at({ standings }: Field, place: number): Standing {
  return standings[place] as Standing;
}

/** The best first. */
function rankedStep(
  field: Field,
  { removed, toActive, toTesting }: Step,
): {
  readonly removed: readonly Removal[];
  readonly toActive: readonly number[];
  readonly toTesting: readonly number[];
} {
  const rank = (a: number, b: number): number => byRank(at(field, a), at(field, b));
  return {
    removed: removed.toSorted((a, b) => rank(a.place, b.place)),
    toActive: toActive.toSorted(rank),
    toTesting: toTesting.toSorted(rank),
  };
}

interface StepCounts {
  /** Active ones that make room for better ones; the others leave because there are too many. */
  readonly swaps: number;
  /** Testing ones, likewise. */
  readonly replaced: number;
  readonly emergency: boolean;
  /** Every active monitor leaves. */
  readonly noneLeft: boolean;
  readonly bootstrap: boolean;
}

function countsOf(field: Field, { forced, removed, toActive }: Step): StepCounts {
  const { activeTarget, testingTarget } = field.policy;
  const count = (places: readonly number[], status: AssignmentStatus): number =>
    places.filter((place) => at(field, place).facts.status === status).length;
  const ours = field.standings.flatMap(({ role }, place) => (role === "scorer" ? [] : [place]));
  const active = count(ours, "active");
  const testing = count(ours, "testing");
  const left = removed.map(({ place }) => place);
  const fit = left.filter((place) => at(field, place).testable);
  const stay = active - count([...forced, ...left], "active");
  const leaves = count(fit, "active");
  const free = Math.max(0, activeTarget - stay - leaves);
  const excessTesting = Math.max(0, active + testing - activeTarget - testingTarget);
  return {
    swaps: Math.min(leaves, Math.max(0, toActive.length - free)),
    replaced: Math.max(0, count(fit, "testing") - excessTesting),
    emergency: active === 0,
    noneLeft: active > 0 && stay === 0,
    bootstrap: testing === 0,
  };
}

function activeReason(emergency: boolean, isSwap: boolean): ChangeReason {
  if (emergency) return "emergency_promotion";
  return isSwap ? "swap_promote" : "promotion";
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
