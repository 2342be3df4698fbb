// What an agent watches, in the order of how far it stands from the others.

import type { adminV1 } from "@truechimer/api";
import { countOf } from "../format/number.ts";
import { compareKnown } from "../parts/sort.ts";

/** Those farthest from the others first; where there is nothing to compare, by name. */
export function watchedRows(
  assignments: readonly adminV1.AgentAssignment[],
): readonly adminV1.AgentAssignment[] {
  const distance = ({ offsetFromOthersNs: ns }: adminV1.AgentAssignment): number | undefined =>
    ns === undefined ? undefined : Math.abs(Number(ns));
  return assignments.toSorted(
    (one, other) =>
      compareKnown(distance(one), distance(other), true) ||
      compareKnown(one.serverName, other.serverName, false),
  );
}

/** The fleet's bound on a server's offset, by the server's id; undefined: it has none. */
export type FleetBounds = ReadonlyMap<bigint, bigint | undefined>;

/** How far the difference may be off: both views err, each within its own bound. Undefined: one of them is unknown. */
export function differenceBoundNs(
  row: adminV1.AgentAssignment,
  fleet: FleetBounds,
): bigint | undefined {
  const own = row.assignment?.offset?.boundNs;
  const others = fleet.get(row.serverId);
  return own === undefined || others === undefined ? undefined : own + others;
}

/** True where the difference lies within the bounds: the two views do not contradict each other. */
export function isWithinBound(
  row: adminV1.AgentAssignment,
  fleet: FleetBounds,
): boolean | undefined {
  const difference = row.offsetFromOthersNs;
  const bound = differenceBoundNs(row, fleet);
  if (difference === undefined || bound === undefined) return undefined;
  return (difference < 0n ? -difference : difference) <= bound;
}

/** The sentence that sums the strips up. */
export function watchedSummary(
  rows: readonly adminV1.AgentAssignment[],
  fleet: FleetBounds,
): string {
  const compared = rows
    .map((row) => isWithinBound(row, fleet))
    .filter((within) => within !== undefined);
  const within = compared.filter((one) => one).length;
  const watches = `It watches ${countOf(rows.length, "server")}`;
  if (compared.length === 0) return `${watches}; none of them is seen by others, too.`;
  return `${watches}; of ${compared.length} that others see, too, ${within === compared.length ? "all" : within} lie within the bounds of what the others find.`;
}
