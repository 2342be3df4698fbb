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

/** True where the difference lies within this monitor's own bound: the two do not contradict each other. */
export function isWithinBound(row: adminV1.AgentAssignment): boolean | undefined {
  const difference = row.offsetFromOthersNs;
  const bound = row.assignment?.offset?.boundNs;
  if (difference === undefined || bound === undefined) return undefined;
  return (difference < 0n ? -difference : difference) <= bound;
}

/** The sentence that sums the strips up. */
export function watchedSummary(rows: readonly adminV1.AgentAssignment[]): string {
  const compared = rows.map(isWithinBound).filter((within) => within !== undefined);
  const within = compared.filter((one) => one).length;
  const watches = `It watches ${countOf(rows.length, "server")}`;
  if (compared.length === 0) return `${watches}; none of them is seen by others, too.`;
  return `${watches}; of ${compared.length} that others see, too, ${within === compared.length ? "all" : within} lie within its bound of what the others find.`;
}
