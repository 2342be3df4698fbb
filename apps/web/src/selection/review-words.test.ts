import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import { expect, test } from "vitest";
import { inOrderOfRank, reviewSentence } from "./review-words.ts";

const { AssignmentStatus } = adminV1;

function sentence(review: MessageInitShape<typeof adminV1.SimulateReviewResponseSchema>): string {
  return reviewSentence(create(adminV1.SimulateReviewResponseSchema, review)).replaceAll(
    "\u00a0",
    " ",
  );
}

test("a review that changes nothing, one that does, and one that had too little time", () => {
  expect(sentence({ usableBefore: 7, proven: true })).toBe(
    "7 active monitors can be used; the next review changes nothing.",
  );
  expect(sentence({ usableBefore: 1, usableAfter: 3, proven: true, changes: [{}, {}] })).toBe(
    "1 active monitor can be used; the next review makes 2 changes, after which 3 can.",
  );
  expect(sentence({ usableBefore: 7, proven: false, gapPoints: 1.25 })).toBe(
    "7 active monitors can be used; the next review changes nothing. A better choice may exist, by 1.3 points at most.",
  );
});

test("active monitors stand before testing ones, candidates and paused ones; the cheapest first", () => {
  const rows = (
    [
      ["d", AssignmentStatus.PAUSED, 1],
      ["c", AssignmentStatus.CANDIDATE, 1],
      ["b", AssignmentStatus.TESTING, 1],
      ["a2", AssignmentStatus.ACTIVE, 5],
      ["a10", AssignmentStatus.ACTIVE, 5],
      ["a1", AssignmentStatus.ACTIVE, 2],
    ] as const
  ).map(([monitorName, status, costPoints]) =>
    create(adminV1.AssignmentExplanationSchema, { monitorName, status, costPoints }),
  );
  expect(inOrderOfRank(rows).map(({ monitorName }) => monitorName)).toEqual([
    "a1",
    "a2",
    "a10",
    "b",
    "c",
    "d",
  ]);
});
