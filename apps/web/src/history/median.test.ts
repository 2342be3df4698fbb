import { expect, test } from "vitest";
import { fleetMedian, lowerMedian } from "./median.ts";
import type { Line } from "./series.ts";

function line(atMs: readonly number[], offsetNs: readonly number[]): Line {
  const same = <Value>(value: Value): Value[] => atMs.map(() => value);
  return {
    key: "1",
    name: "zurich",
    atMs,
    offsetNs,
    boundNs: same(10),
    rttNs: same(1),
    score: same(20),
    step: same(1),
    checkIds: same(1n),
    reasons: same(""),
  };
}

test("of two in the middle the lower one counts, and of nothing there is none", () => {
  expect(lowerMedian([4, 1, 3, 2])).toBe(2);
  expect(lowerMedian([3, 1, 2])).toBe(2);
  expect(lowerMedian([])).toBeNaN();
});

test("each monitor speaks by its latest measurement, as long as that is fresh", () => {
  const lines = [line([0, 100], [5, 50]), line([0], [7]), line([0, 50], [9, Number.NaN])];
  const { atMs, offsetNs, boundNs } = fleetMedian(lines, {
    fromMs: 0,
    toMs: 400,
    slots: 4,
    freshMs: 150,
  });
  expect(atMs).toEqual([0, 100, 200, 300, 400]);
  // At 200 only the first monitor's second measurement is fresh; from 300 on nobody's.
  expect(offsetNs).toEqual([7, 9, 50, Number.NaN, Number.NaN]);
  expect(boundNs).toEqual([10, 10, 10, Number.NaN, Number.NaN]);
});
