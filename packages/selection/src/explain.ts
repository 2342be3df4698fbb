// Why every monitor of a server is where it is: what holds it there, and what would change that. Coded, with the numbers;
// `explanationText` puts it into words.

import type { Change } from "./change.ts";
import { Rivals } from "./rivals.ts";
import type { AssignmentStatus } from "./snapshot.ts";
import type { Field, Standing } from "./standing.ts";
import type { Target } from "./target.ts";

/** What holds a monitor where it is. */
export type Hold =
  | "changing"
  | "chosen"
  | "better_than_none"
  | "waits_for_budget"
  | "global_status"
  | "network_same_subnet"
  | "account"
  | "address_unclear"
  | "silent"
  | "unhealthy"
  | "paused"
  | "data_gate"
  | "network_diversity"
  | "limit"
  | "outranked"
  | "scorer";

/** Why one monitor is where it is. */
export interface MonitorExplanation {
  readonly monitorId: bigint;
  readonly status: AssignmentStatus;
  /** Where the best assignment has it. */
  readonly target: AssignmentStatus;
  readonly hold: Hold;
  readonly costPoints: number;
  /** Of a change. */
  readonly change?: Change;
  /** The monitor that stands in its way. */
  readonly otherId?: bigint;
  /** Of a data gate: results needed. */
  readonly resultsNeeded?: number;
  /** By how many points it would have to be better. */
  readonly pointsMissing?: number;
  /** Of the account's limit. */
  readonly accountLimit?: number;
}

/** A review's outcome. */
export interface ExplainInput {
  readonly field: Field;
  readonly target: Target;
  readonly changes: readonly Change[];
}

/** One for every monitor, by id. */
export function explanationsOf({
  field,
  target,
  changes,
}: ExplainInput): readonly MonitorExplanation[] {
  const changed = new Map(changes.map((change) => [change.monitorId, change]));
  const rivals = {
    active: new Rivals(field, target, "active"),
    testing: new Rivals(field, target, "testing"),
  };
  return field.standings.map((standing, place) => {
    const { facts, cost } = standing;
    const change = changed.get(facts.id);
    const wanted = targetStatus(standing, place, target);
    const base = {
      monitorId: facts.id,
      status: facts.status,
      target: wanted,
      costPoints: Math.round(cost * 100) / 100,
    };
    if (change !== undefined) return { ...base, hold: "changing", change };
    return { ...base, ...holdOf({ rivals, target, standing, place, wanted }) };
  });
}

function targetStatus({ facts, role }: Standing, place: number, target: Target): AssignmentStatus {
  if (target.active.has(place)) return "active";
  if (target.testing.has(place)) return "testing";
  if (role === "unclear" || role === "scorer") return facts.status;
  return role === "excluded" || facts.status === "paused" ? "paused" : "candidate";
}

interface HoldInput {
  readonly rivals: { readonly active: Rivals; readonly testing: Rivals };
  readonly target: Target;
  readonly standing: Standing;
  readonly place: number;
  readonly wanted: AssignmentStatus;
}

/** What holds a monitor, with its numbers. */
export type HoldDetail = Pick<MonitorExplanation, "hold"> & Partial<MonitorExplanation>;

function holdOf(input: HoldInput): HoldDetail {
  const { rivals, target, standing, place, wanted } = input;
  const { facts, role } = standing;
  if (role === "scorer") return { hold: "scorer" };
  if (role === "unclear") return { hold: "address_unclear" };
  if (wanted === "active" && facts.status === "active") {
    return { hold: target.usable.has(place) ? "chosen" : "better_than_none" };
  }
  if (wanted !== facts.status && wanted !== "paused") return { hold: "waits_for_budget" };
  const barred = barOf(standing);
  if (barred !== undefined) return { hold: barred };
  if (facts.status === "paused") return { hold: "paused" };
  const above = wanted === "testing" ? rivals.active : rivals.testing;
  return above.limitOn(standing) ?? above.outranking(standing);
}

function barOf({ facts, role, exclusion, fresh, healthy, promotable }: Standing): Hold | undefined {
  if (role === "blocked" || role === "retiring") return "global_status";
  if (role === "excluded") return exclusion === "account" ? "account" : "network_same_subnet";
  if (!fresh) return "silent";
  if (!healthy) return "unhealthy";
  return facts.status === "testing" && !promotable ? "global_status" : undefined;
}
