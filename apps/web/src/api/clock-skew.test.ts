import { expect, test } from "vitest";
import { clockSkewMs } from "./clock-skew.ts";

test("an answer that took long proves no difference smaller than half of that", () => {
  // Sent at 0, answered by the server at 1.9 s, received at 2 s: half a round trip is the error.
  expect(clockSkewMs({ serverMs: 1_900, sentAtMs: 0, receivedAtMs: 2_000, before: 0 })).toBe(0);
  expect(clockSkewMs({ serverMs: 5_000, sentAtMs: 0, receivedAtMs: 2_000, before: 0 })).toBe(4_000);
  expect(clockSkewMs({ serverMs: -3_000, sentAtMs: 0, receivedAtMs: 20, before: 0 })).toBe(-3_010);
});

test("what was held before stays until an answer disproves it", () => {
  expect(clockSkewMs({ serverMs: 4_110, sentAtMs: 0, receivedAtMs: 20, before: 4_000 })).toBe(
    4_000,
  );
  expect(clockSkewMs({ serverMs: 30, sentAtMs: 0, receivedAtMs: 20, before: 4_000 })).toBe(20);
});
