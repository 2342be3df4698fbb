import { describe, expect, test } from "vitest";
import { createServerPacing } from "./server-pacing.ts";

describe("server pacing", () => {
  test("turns with one server are a gap apart, in the order of asking", () => {
    const pacing = createServerPacing(2_000);
    expect([0, 0, 500, 10_000].map((nowMs) => pacing.waitMs("a", nowMs))).toEqual([
      0, 2_000, 3_500, 0,
    ]);
  });

  test("servers do not wait for each other", () => {
    const pacing = createServerPacing(2_000);
    expect(pacing.waitMs("a", 0)).toBe(0);
    expect(pacing.waitMs("b", 0)).toBe(0);
  });

  test("without a gap nobody waits", () => {
    const pacing = createServerPacing(0);
    expect([0, 0, 0].map((nowMs) => pacing.waitMs("a", nowMs))).toEqual([0, 0, 0]);
  });

  test("the longest ago is forgotten when there are too many servers", () => {
    const pacing = createServerPacing(2_000, 2);
    for (const server of ["a", "b", "c"]) pacing.waitMs(server, 0);
    expect(pacing.waitMs("c", 0)).toBe(2_000);
    expect(pacing.waitMs("a", 0)).toBe(0);
  });
});
