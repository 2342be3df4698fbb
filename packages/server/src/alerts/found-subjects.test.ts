import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import { expect, test } from "vitest";
import { truthOfOther } from "./found-subjects.ts";

const { WATCHED, PAUSED } = adminV1.ServerState;

test.each([
  { state: WATCHED, verdictReason: "within_limit", holdsNot: true, truth: "holds_not" },
  { state: WATCHED, verdictReason: "within_limit", holdsNot: false, truth: "unknown" },
  { state: WATCHED, verdictReason: "kiss_rate", holdsNot: true, truth: "holds_not" },
  { state: WATCHED, verdictReason: "no_witness", holdsNot: true, truth: "unknown" },
  { state: WATCHED, verdictReason: "few_witnesses", holdsNot: true, truth: "unknown" },
  { state: PAUSED, verdictReason: "no_witness", holdsNot: true, truth: "gone" },
])("a server that a filter does not hold for: %j", ({ holdsNot, truth, ...fields }) => {
  const server = create(adminV1.ServerSchema, fields);
  expect(truthOfOther(server, () => holdsNot)).toBe(truth);
});
