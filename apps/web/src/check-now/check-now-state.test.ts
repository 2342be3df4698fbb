import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { adminV1 } from "@truechimer/api";
import { expect, test } from "vitest";
import {
  beginRun,
  type CheckNowRun,
  endRun,
  onCheckNowEvent,
  runSentence,
} from "./check-now-state.ts";

function feed(run: CheckNowRun, ...events: adminV1.CheckNowResponse["event"][]): CheckNowRun {
  return events.reduce((state, event) => onCheckNowEvent(state, { event }), run);
}

const asked = (count: number): adminV1.CheckNowResponse["event"] => ({
  case: "asked",
  value: create(adminV1.CheckNowAskedSchema, {
    expiresAt: timestampFromMs(5_000),
    monitors: Array.from({ length: count }, (_unused, index) => ({ id: BigInt(index + 1) })),
  }),
});
const answer = (monitorId: bigint, reason = ""): adminV1.CheckNowResponse["event"] => ({
  case: "answer",
  value: create(adminV1.CheckNowAnswerSchema, { monitorId, reason }),
});
const ended: adminV1.CheckNowResponse["event"] = {
  case: "ended",
  value: create(adminV1.CheckNowEndedSchema, {}),
};

test("answers are kept as they come, a second one of the same monitor replaces the first", () => {
  const run = feed(beginRun("check"), asked(3), answer(2n, "timeout"), answer(1n), answer(2n));
  expect(run.phase).toBe("waiting");
  expect([...run.answers.keys()]).toEqual([2n, 1n]);
  expect(run.answers.get(2n)?.reason).toBe("");
  expect(run.expiresAtMs).toBe(5_000);
});

test("the sentence says how it stands", () => {
  const begun = beginRun("check");
  expect(runSentence(begun)).toBe("Asking…");
  expect(runSentence(feed(begun, asked(3), answer(1n)))).toBe("1 of 3 answered so far.");
  expect(runSentence(feed(begun, asked(2), answer(1n), answer(2n), ended))).toBe("All 2 answered.");
  expect(runSentence(feed(begun, asked(2), answer(1n, "timeout"), ended))).toBe(
    "1 of 2 answered; 1 without an offset.",
  );
  expect(runSentence(feed(begun, asked(2), ended))).toBe("None of 2 answered in time.");
  expect(runSentence(feed(begun, asked(0), ended))).toContain("Nobody could be asked");
});

test("a stream that breaks off is over", () => {
  expect(endRun(feed(beginRun("traceroute"), asked(2))).phase).toBe("ended");
});

test("a word that this page does not know changes nothing", () => {
  const run = feed(beginRun("check"), asked(1));
  expect(onCheckNowEvent(run, { event: { case: undefined } })).toBe(run);
});
