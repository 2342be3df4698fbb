// Every plan that the rules allow, tried one by one, for servers with few monitors: what the search is held against. Written
// from the rules alone; it shares nothing with the search but the standing of the monitors.

import { NOW_MS } from "./_scenario.ts";
import type { SelectionPolicy } from "./policy.ts";
import type { Snapshot } from "./snapshot.ts";
import { type Field, fieldOf, type Standing } from "./standing.ts";

const STATUSES = ["active", "testing", "candidate"] as const;
type Status = (typeof STATUSES)[number];

/** The most usable active monitors of any assignment that holds all limits, whatever it takes to get there. */
export function mostUsable(snapshot: Snapshot, policy: SelectionPolicy): number {
  const field = fieldOf(snapshot, policy, NOW_MS);
  const usable = field.standings.filter(({ usable: is, activeGateMet }) => is && activeGateMet);
  return most(usable, (chosen) => (holds(field, chosen, []) ? chosen.length : -1));
}

/** The least sum of costs of an active set of this size that holds all limits. */
export function leastCost(snapshot: Snapshot, policy: SelectionPolicy, size: number): number {
  const field = fieldOf(snapshot, policy, NOW_MS);
  const usable = field.standings.filter(({ usable: is, activeGateMet }) => is && activeGateMet);
  return -most(usable, (chosen) =>
    chosen.length === size && holds(field, chosen, []) ? -sumOf(chosen) : Number.NEGATIVE_INFINITY,
  );
}

function sumOf(chosen: readonly Standing[]): number {
  return chosen.reduce((sum, { cost }) => sum + cost, 0);
}

function most(all: readonly Standing[], worth: (chosen: readonly Standing[]) => number): number {
  let best = Number.NEGATIVE_INFINITY;
  for (let bits = 0; bits < 2 ** all.length; bits += 1) {
    best = Math.max(best, worth(all.filter((_, place) => bits & (1 << place))));
  }
  return best;
}

/** The most usable active monitors that one review can reach within the budget, adding no violation. */
export function mostUsableInOneReview(
  snapshot: Snapshot,
  policy: SelectionPolicy,
  budget: { readonly toActive: number; readonly toTesting: number; readonly removals: number },
): number {
  const field = fieldOf(snapshot, policy, NOW_MS);
  const { standings } = field;
  const before = statusesOf(standings);
  const limit = violations(field, before);
  let best = -1;
  const after: Status[] = [];
  const visit = (place: number, left: typeof budget): void => {
    if (left.toActive < 0 || left.toTesting < 0 || left.removals < 0) return;
    const standing = standings[place];
    if (standing === undefined) {
      const active = standings.filter((_, at) => after[at] === "active");
      const broken = violations(field, after);
      if (broken.every((count, at) => count <= (limit[at] ?? 0))) {
        best = Math.max(best, active.filter(({ usable }) => usable).length);
      }
      return;
    }
    for (const to of STATUSES) {
      const from = before[place] as Status;
      if (!mayChange(standing, from, to)) continue;
      after[place] = to;
      visit(place + 1, {
        toActive: left.toActive - (to === "active" && from !== "active" ? 1 : 0),
        toTesting: left.toTesting - (to === "testing" && from === "candidate" ? 1 : 0),
        removals: left.removals - (STATUSES.indexOf(to) > STATUSES.indexOf(from) ? 1 : 0),
      });
    }
  };
  visit(0, budget);
  return best;
}

function statusesOf(standings: readonly Standing[]): Status[] {
  return standings.map(({ facts }) => (facts.status === "paused" ? "candidate" : facts.status));
}

function mayChange(
  { usable, activeGateMet, testable }: Standing,
  from: Status,
  to: Status,
): boolean {
  if (from === to) return true;
  if (to === "active") return from === "testing" && usable && activeGateMet;
  if (to === "testing") return testable;
  return true;
}

/** By kind: too many active, too many working, over an account's limits, two in a network (working; active). */
export function violations(field: Field, statuses: readonly string[]): readonly number[] {
  const { standings, policy, accountLimits } = field;
  const active = standings.filter((_, place) => statuses[place] === "active");
  const working = standings.filter(
    (_, place) => statuses[place] === "active" || statuses[place] === "testing",
  );
  const over = (
    list: readonly Standing[],
    key: "account" | "network",
    limit: (of: number) => number,
  ): number => {
    let sum = 0;
    for (const [of, members] of Map.groupBy(list, (standing) => standing[key])) {
      if (of >= 0) sum += Math.max(0, members.length - limit(of));
    }
    return sum;
  };
  return [
    Math.max(0, active.length - policy.activeTarget),
    Math.max(0, working.length - policy.activeTarget - policy.testingTarget),
    over(active, "account", (account) => accountLimits[account] ?? 0),
    over(working, "account", (account) => (accountLimits[account] ?? 0) + 1),
    over(working, "network", () => 1),
    over(active, "network", () => 1),
  ];
}

function holds(field: Field, active: readonly Standing[], testing: readonly Standing[]): boolean {
  const statuses = field.standings.map((standing) => {
    if (active.includes(standing)) return "active";
    return testing.includes(standing) ? "testing" : "candidate";
  });
  return violations(field, statuses).every((count) => count === 0);
}
