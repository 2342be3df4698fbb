// A review in a sentence, and its monitors in the order in which a person reads them.

import { adminV1 } from "@truechimer/api";
import { countOf, formatFixed } from "../format/number.ts";

/** "7 active monitors can be used; the next review changes nothing." */
export function reviewSentence(review: adminV1.SimulateReviewResponse): string {
  const { usableBefore, usableAfter, changes, proven, gapPoints } = review;
  const now = `${countOf(usableBefore, "active monitor")} can be used`;
  const then =
    changes.length === 0
      ? "the next review changes nothing"
      : `the next review makes ${countOf(changes.length, "change")}, after which ${usableAfter} can`;
  const doubt = proven
    ? ""
    : ` A better choice may exist, by ${formatFixed(gapPoints, 1)} points at most.`;
  return `${now}; ${then}.${doubt}`;
}

const RANKS: readonly adminV1.AssignmentStatus[] = [
  adminV1.AssignmentStatus.ACTIVE,
  adminV1.AssignmentStatus.TESTING,
  adminV1.AssignmentStatus.CANDIDATE,
  adminV1.AssignmentStatus.PAUSED,
];

/** Active first, then testing, candidates, paused; within each the cheapest first. */
export function inOrderOfRank(
  explanations: readonly adminV1.AssignmentExplanation[],
): readonly adminV1.AssignmentExplanation[] {
  return explanations.toSorted(
    (one, other) =>
      RANKS.indexOf(one.status) - RANKS.indexOf(other.status) ||
      one.costPoints - other.costPoints ||
      one.monitorName.localeCompare(other.monitorName, "en", { numeric: true }),
  );
}
