// Larger problems than all choices of which could be tried: held against what another exact search found for them, whose
// bound was made of sums and most gains instead of flows and prices.

import { expect, test } from "vitest";
import { drawnProblem, problemOf } from "./_choice-problems.ts";
import { chooseBest } from "./choose-best.ts";

/** Seed, and the proven best value. */
const PROVEN: readonly (readonly [number, number])[] = [
  [1, 237_444],
  [2, 105_779],
  [3, 342_334],
  [4, 192_704],
  [5, 254_369],
  [6, 191_727],
  [7, 245_759],
  [8, 204_453],
  [9, 228_684],
  [10, 189_307],
  [11, 238_094],
  [12, 101_597],
  [13, 189_424],
  [14, 159_311],
  [15, 258_163],
  [16, 284_298],
  [17, 349_214],
  [18, 127_214],
  [19, 138_586],
  [20, 289_124],
  [21, 173_611],
  [22, 208_832],
  [23, 193_109],
  [24, 328_181],
  [25, 229_122],
  [26, 110_585],
  [27, 124_299],
  [28, 280_777],
  [29, 211_292],
  [30, 240_481],
  [31, 272_180],
  [32, 205_531],
  [33, 196_312],
  [34, 229_832],
  [35, 200_044],
  [36, 212_599],
  [37, 222_069],
  [38, 244_194],
];
/** The bound is so tight that few branches are looked at. */
const BRANCHES_MAX = 50;

test.each(PROVEN)(
  "of 30 to 80 monitors, drawn by %i, the best choice is worth %i",
  (seed, best) => {
    let branches = 0;
    const { value, bound } = chooseBest(problemOf(drawnProblem(seed)), () => {
      branches += 1;
      return false;
    });
    expect(value).toBe(best);
    expect(bound).toBe(best);
    expect(branches).toBeLessThan(BRANCHES_MAX);
  },
);
