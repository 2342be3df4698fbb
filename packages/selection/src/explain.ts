// Why every monitor of a server is where it is: what holds it there, and what would change that. Coded, with the numbers;
// `explanationText` puts it into words.

import { CHANGE_REASON_TEXTS, type Change } from "./change.ts";
import { concaveGain } from "./choose-best.ts";
import type { AssignmentStatus } from "./snapshot.ts";
import type { Field, Standing } from "./standing.ts";
import type { Target } from "./target.ts";
import { activeValue, DWELL_POINTS, pointsValue, testingValue } from "./value.ts";

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

export interface ExplainInput {
  readonly field: Field;
  readonly target: Target;
  readonly changes: readonly Change[];
}

export function explanationsOf({
  field,
  target,
  changes,
}: ExplainInput): readonly MonitorExplanation[] {
  const changed = new Map(changes.map((change) => [change.monitorId, change]));
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
    return { ...base, ...holdOf({ field, target, standing, place, wanted }) };
  });
}

function targetStatus({ facts, role }: Standing, place: number, target: Target): AssignmentStatus {
  if (target.active.has(place)) return "active";
  if (target.testing.has(place)) return "testing";
  if (role === "unclear" || role === "scorer") return facts.status;
  return role === "excluded" || facts.status === "paused" ? "paused" : "candidate";
}

interface HoldInput {
  readonly field: Field;
  readonly target: Target;
  readonly standing: Standing;
  readonly place: number;
  readonly wanted: AssignmentStatus;
}

type HoldDetail = Pick<MonitorExplanation, "hold"> & Partial<MonitorExplanation>;

function holdOf(input: HoldInput): HoldDetail {
  const { field, target, standing, place, wanted } = input;
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
  const level = wanted === "testing" ? "active" : "testing";
  return limitOf(field, target, standing, level) ?? outrankedBy(input, level);
}

function barOf({ facts, role, exclusion, fresh, healthy, promotable }: Standing): Hold | undefined {
  if (role === "blocked" || role === "retiring") return "global_status";
  if (role === "excluded") return exclusion === "account" ? "account" : "network_same_subnet";
  if (!fresh) return "silent";
  if (!healthy) return "unhealthy";
  return facts.status === "testing" && !promotable ? "global_status" : undefined;
}

function limitOf(
  { standings, policy, accountLimits }: Field,
  target: Target,
  standing: Standing,
  level: "active" | "testing",
): HoldDetail | undefined {
  const { facts, account, network, activeGateMet, testingGateMet } = standing;
  if (level === "active" ? !activeGateMet : !testingGateMet) {
    return {
      hold: "data_gate",
      resultsNeeded: level === "active" ? policy.activeGate : policy.testingGate,
    };
  }
  const rivals = standings.filter(
    (_, place) => target.active.has(place) || (level === "testing" && target.testing.has(place)),
  );
  const near = rivals.find(
    (other) => network >= 0 && other.network === network && other !== standing,
  );
  if (near !== undefined) return { hold: "network_diversity", otherId: near.facts.id };
  if (account < 0) return undefined;
  const limit = (accountLimits[account] ?? 0) + (level === "testing" ? 1 : 0);
  const own = rivals.filter((other) => other.account === account && other.facts.id !== facts.id);
  if (own.length < limit) return undefined;
  const [other] = own;
  return { hold: "limit", accountLimit: limit, ...(other && { otherId: other.facts.id }) };
}

/** Whose place it could take most easily, and what it lacks for that, diversity included. */
function outrankedBy(
  { field, target, standing }: HoldInput,
  level: "active" | "testing",
): HoldDetail {
  const places = level === "active" ? target.active : target.testing;
  const beside =
    level === "active" ? target.active : new Set([...target.active, ...target.testing]);
  const worth = level === "active" ? activeValue : testingValue;
  let least = Number.POSITIVE_INFINITY;
  let otherId: bigint | undefined;
  for (const place of places) {
    const other = field.standings[place] as Standing;
    const missing =
      worth(other, field) - worth(standing, field) + diversityLost(field, beside, other, standing);
    if (missing < least) {
      least = missing;
      otherId = other.facts.id;
    }
  }
  if (otherId === undefined) return { hold: "outranked" };
  return { hold: "outranked", otherId, pointsMissing: Math.max(0, pointsValue(least)) };
}

/** What the set loses in diversity when `newcomer` takes the place of `other`. */
function diversityLost(
  { standings, policy: { diversity } }: Field,
  places: ReadonlySet<number>,
  other: Standing,
  newcomer: Standing,
): number {
  const weights = [diversity.country, diversity.network, diversity.delayBand];
  let lost = 0;
  for (const [grouping, weight] of weights.entries()) {
    const from = other.groups[grouping];
    const to = newcomer.groups[grouping];
    if (weight === 0 || from === to) continue;
    let countFrom = 0;
    let countTo = 0;
    for (const place of places) {
      const group = standings[place]?.groups[grouping];
      if (group === from) countFrom += 1;
      if (group === to) countTo += 1;
    }
    lost += concaveGain(weight * 100, countFrom - 1) - concaveGain(weight * 100, countTo);
  }
  return lost;
}

/** In words: why it is there, and what would change that. `nameOf` names another monitor. */
export function explanationText(
  explanation: MonitorExplanation,
  nameOf: (monitorId: bigint) => string = (id) => `monitor ${id}`,
): string {
  const { hold, status, target, change, costPoints, otherId, pointsMissing } = explanation;
  const other = otherId === undefined ? "another monitor" : nameOf(otherId);
  switch (hold) {
    case "changing":
      return `goes from ${status} to ${change?.to ?? target}: ${change === undefined ? "" : CHANGE_REASON_TEXTS[change.reason]}`;
    case "chosen":
      return `is among the best active monitors, at a cost of ${costPoints} points`;
    case "better_than_none":
      return "cannot be used now, but stays as long as there are too few others";
    case "waits_for_budget":
      return `will be ${target} as soon as the changes that one review may make allow it`;
    case "global_status":
      return "its status in the fleet does not allow more; setting the monitor active would";
    case "network_same_subnet":
      return "stands in the server's own network, so it may not watch it";
    case "account":
      return "belongs to the server's own account, so it may not watch it";
    case "address_unclear":
      return "its address cannot be read, so it stays where it is until that is mended";
    case "silent":
      return "has not been heard of for too long; its next results would change that";
    case "unhealthy":
      return "sees the server much worse than others do; better results would change that";
    case "paused":
      return "is paused for this server until it is looked at again";
    case "data_gate":
      return `needs ${explanation.resultsNeeded ?? 0} results of this server before it is considered`;
    case "network_diversity":
      return `stands in one network with ${other}, and only one of a network may work`;
    case "limit":
      return `its account has its ${explanation.accountLimit ?? 0} monitors on this server, among them ${other}`;
    case "outranked":
      if (pointsMissing === undefined) return "others go before it";
      return pointsMissing < DWELL_POINTS / 2
        ? `would have to be better by ${Math.ceil(pointsMissing)} points (its cost is ${costPoints}) to take the place of ${other}`
        : `comes after ${other} for now: who became active stays for a while, and who left waits for a while`;
    case "scorer":
      return "is a scorer and no monitor";
  }
}
