import { describe, expect, test } from "vitest";
import { isNewScore } from "./is-new-score.ts";

const LAST = { atNs: 1_000_000_000_000n, score: 20, ruleSet: "ntp_pool_recentmedian/1" };

function after(minutes: number, score: number): boolean {
  return isNewScore({ ...LAST, atNs: LAST.atNs + BigInt(Math.round(minutes * 60e9)), score }, LAST);
}

describe("an overall score gets a row of history when it tells something", () => {
  test.each([
    { name: "an older result", minutes: -0.1, score: 5, isNew: false },
    { name: "the same score, soon", minutes: 14.99, score: 20, isNew: false },
    { name: "the same score, 15 min later", minutes: 15, score: 20, isNew: true },
    { name: "within 5 %, soon", minutes: 4.99, score: 19, isNew: false },
    { name: "within 5 %, 5 min later", minutes: 5, score: 19, isNew: true },
    { name: "more than 5 %, at once", minutes: 0, score: 18.9, isNew: true },
  ])("$name: $isNew", ({ minutes, score, isNew }) => {
    expect(after(minutes, score)).toBe(isNew);
  });

  test("the first one under another rule set, also when it is the same", () => {
    expect(isNewScore({ ...LAST, ruleSet: "strict/1" }, LAST)).toBe(true);
  });

  test("the first one always, and next to 0 only 0 is close", () => {
    expect(isNewScore(LAST, undefined)).toBe(true);
    const zero = { ...LAST, score: 0 };
    expect(isNewScore({ ...zero, atNs: LAST.atNs + 1n }, zero)).toBe(false);
    expect(isNewScore({ ...zero, atNs: LAST.atNs + 1n, score: 0.001 }, zero)).toBe(true);
  });
});
