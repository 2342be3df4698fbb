import { create } from "@bufbuild/protobuf";
import { rulesV1 } from "@truechimer/api";
import { expect, test } from "vitest";
import { exactSentence, scoreChangeText, trialSentence } from "./what-if-words.ts";

const result = (effect: Partial<rulesV1.TrialEffect>): rulesV1.TrialResult =>
  create(rulesV1.TrialResultSchema, {
    triedId: "strict/1",
    activeId: "ntp_pool_recentmedian/1",
    effect: create(rulesV1.TrialEffectSchema, effect as object),
  });

test.each([
  [{}, "No server has a result in this time."],
  [
    { servers: 1 },
    "Under strict/1, nothing would have differed: 1 server as under ntp_pool_recentmedian/1.",
  ],
  [
    { servers: 12, serversVerdictDiffers: 3, serversScoreDiffers: 5 },
    "Under strict/1, 3 of 12 servers would have had another verdict at some time, and 5 another score.",
  ],
])("%o is told as a sentence", (effect, sentence) => {
  expect(trialSentence(result(effect)).replaceAll("\u00a0", " ")).toBe(sentence);
});

test("how exact it is, is told with it", () => {
  const plain = (effect: object): string =>
    exactSentence(create(rulesV1.TrialEffectSchema, effect)).replaceAll("\u00a0", " ");
  expect(plain({ results: 2n, scoresCompared: 3n, scoresReproduced: 3n })).toBe(
    "2 checks replayed; all 3 stored scores come out exactly under the rules that made them.",
  );
  expect(plain({ results: 2n, scoresCompared: 3n, scoresReproduced: 1n })).toMatch(
    /1 of 3 stored scores .* as inexact/,
  );
  expect(plain({})).toMatch(/^0 checks/);
});

test("a change of a score has its sign", () => {
  expect([undefined, 1, -12.34].map(scoreChangeText)).toEqual([undefined, "+1.0", "−12.3"]);
});
