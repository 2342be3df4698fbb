// Which limits the assignments break as they are, and who is to blame: of those that stand in each other's way, all but
// the best.

import type { ViolationType } from "./snapshot.ts";
import { type Field, isWorking, type Standing } from "./standing.ts";

/** Which limit a monitor breaks as it stands. */
export interface Violation {
  readonly monitorId: bigint;
  readonly type: ViolationType;
}

/** One for each monitor at most, the most severe: same network or account, then the account's limit, then diversity. */
export function violationsOf({ standings, accountLimits }: Field): readonly Violation[] {
  const working = standings
    .filter(({ facts, role }) => isWorking(facts.status) && role !== "scorer")
    .toSorted(byRank);
  const found = new Map<bigint, ViolationType>();
  const networks = new Set<number>();
  for (const { facts, network } of working) {
    if (network < 0) continue;
    if (networks.has(network)) found.set(facts.id, "network_diversity");
    networks.add(network);
  }
  for (const id of overAccountLimit(working, accountLimits)) found.set(id, "limit");
  for (const { facts, exclusion, role } of standings) {
    if (exclusion !== undefined && role !== "scorer") found.set(facts.id, exclusion);
  }
  return standings.flatMap(({ facts: { id } }) => {
    const type = found.get(id);
    return type === undefined ? [] : [{ monitorId: id, type }];
  });
}

/** The worst first in the end: usable, then lower cost, then the older number. */
export function byRank(a: Standing, b: Standing): number {
  if (a.usable !== b.usable) return a.usable ? -1 : 1;
  if (a.healthy !== b.healthy) return a.healthy ? -1 : 1;
  if (a.cost !== b.cost) return a.cost - b.cost;
  return a.facts.id < b.facts.id ? -1 : 1;
}

/** X active ones of an account, and X + 1 active or testing. */
function overAccountLimit(
  ranked: readonly Standing[],
  limits: readonly number[],
): readonly bigint[] {
  const byAccount = Map.groupBy(ranked, ({ account }) => account);
  byAccount.delete(-1);
  return [...byAccount].flatMap(([account, members]) => {
    const limit = limits[account] as number;
    const active = members.filter(({ facts }) => facts.status === "active");
    const kept = active.slice(0, limit);
    const others = members.filter((member) => !kept.includes(member));
    const keptOthers = others.slice(0, limit + 1 - kept.length);
    return members
      .filter((member) => {
        const isActive = member.facts.status === "active";
        return !kept.includes(member) && (isActive || !keptOthers.includes(member));
      })
      .map(({ facts }) => facts.id);
  });
}
