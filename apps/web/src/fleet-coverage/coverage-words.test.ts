import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import { expect, test } from "vitest";
import { coverageSentence, freshActiveWord } from "./coverage-words.ts";

function sentence(
  servers: number,
  reasons: readonly (readonly [text: string, servers: number])[],
): string {
  const coverage = create(adminV1.GetCoverageResponseSchema, {
    servers,
    freshActiveMin: 3,
    reasons: reasons.map(([text, count]) => ({ reason: text, text, servers: count })),
  });
  return coverageSentence(coverage).replaceAll("\u00a0", " ");
}

test("the sentence tells how many are short, and why", () => {
  expect(sentence(0, [])).toBe("No server is watched.");
  expect(sentence(1, [])).toBe("The server has 3 fresh active monitors or more.");
  expect(sentence(15, [])).toBe("All 15 servers have 3 fresh active monitors or more.");
  expect(sentence(15, [["they are silent", 1]])).toBe(
    "1 of 15 servers has fewer than 3 fresh active monitors because they are silent.",
  );
  expect(
    sentence(2, [
      ["a", 1],
      ["b", 1],
    ]),
  ).toBe("All 2 servers have fewer than 3 fresh active monitors: 1 because a; 1 because b.");
});

test("the last number stands for all above it", () => {
  expect([0, 6, 7].map((at) => freshActiveWord(at, 7))).toEqual(["0", "6", "7+"]);
});
