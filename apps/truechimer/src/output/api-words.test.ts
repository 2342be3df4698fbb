import { adminV1 } from "@truechimer/api";
import { expect, test } from "vitest";
import { assignmentStatusWord, isoOf, ruleOutcomeWord, verdictWord } from "./api-words.ts";

test("the API's enumerations are the words of the documents", () => {
  expect(
    [
      adminV1.Verdict.TRUECHIMER,
      adminV1.Verdict.FALSETICKER,
      adminV1.Verdict.UNREACHABLE,
      adminV1.Verdict.UNSURE,
    ].map(verdictWord),
  ).toEqual(["truechimer", "falseticker", "unreachable", "unsure"]);
  expect(assignmentStatusWord(adminV1.AssignmentStatus.TESTING)).toBe("testing");
  expect(ruleOutcomeWord(adminV1.RuleOutcome.NOT_TRIED)).toBe("not tried");
});

test("a value that this release does not know is unknown, not a crash", () => {
  expect(verdictWord(99 as adminV1.Verdict)).toBe("unknown");
  expect(verdictWord(adminV1.Verdict.UNSPECIFIED)).toBe("unknown");
});

test("an instant that there is not is null for programs", () => {
  expect(isoOf(undefined)).toBeNull();
});
