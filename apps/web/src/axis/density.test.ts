import { expect, test } from "vitest";
import { densityOf, densityPath } from "./density.ts";

test("smoothing keeps the number of servers", () => {
  const density = densityOf([50, 51, 52, 48, 300], 0, 400, 4);
  expect(density.reduce((sum, count) => sum + count, 0)).toBeCloseTo(5);
  expect(density.length).toBe(100);
});

test("what lies at the edge is counted there", () => {
  expect(densityOf([-50, 900], 0, 400, 100)).toEqual([0.5, 0.25, 0.25, 0.5]);
});

test("the densest slot has the full height", () => {
  expect(densityPath([0, 4, 1], 0, 10, 100, 50)).toBe(
    "M0 100L5.0 100.0L15.0 50.0L25.0 75.0L30.0 100Z",
  );
});
