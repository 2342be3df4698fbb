import { describe, expect, test } from "vitest";
import { everyScore } from "./every.ts";

const S = 1_000_000_000n;

describe("the score over all monitors", () => {
  test.each([
    { name: "a good result from nothing", before: 0, step: 1, offsetNs: 0n, after: 1 },
    { name: "a good result at the top", before: 20, step: 1, offsetNs: 5n, after: 20 },
    { name: "a timeout at the top", before: 20, step: -5, offsetNs: undefined, after: 14 },
    { name: "exactly 3 s is stepped", before: 10, step: -4, offsetNs: 3n * S, after: 5.5 },
    { name: "beyond 3 s it is set", before: 10, step: -4, offsetNs: 3n * S + 1n, after: -20 },
    { name: "behind by more, too", before: 10, step: -4, offsetNs: -4n * S, after: -20 },
    { name: "which can raise it", before: -80, step: -4, offsetNs: 4n * S, after: -20 },
    { name: "no cap of -50 for DENY", before: 0, step: -10, offsetNs: undefined, after: -10 },
  ])("$name", ({ before, step, offsetNs, after }) => {
    expect(everyScore(before, { step, offsetNs })).toBeCloseTo(after, 12);
  });

  test("a constant step leads to twenty times the step", () => {
    let score = 7;
    for (let i = 0; i < 500; i += 1) score = everyScore(score, { step: -2, offsetNs: undefined });
    expect(score).toBeCloseTo(-40, 6);
  });
});
