// The fleet's simulation, small enough for every run of the tests; `npm run bench -- selection` has it whole.

import { POOL_SELECTION } from "@truechimer/selection";
import { expect, test } from "vitest";
import { simulateFleet } from "./fleet.ts";

test("4 servers and 30 monitors over 6 days: nobody moves without need, whoever dies is replaced, the limits hold", () => {
  const outcome = simulateFleet({
    servers: 4,
    monitors: 30,
    days: 6,
    silenceDays: 10,
    spoiltDays: 10,
    seed: 7,
    policy: POOL_SELECTION,
  });
  expect(outcome).toMatchObject({ doubled: 0, fellToZero: 0, broken: 0 });
  expect(outcome.noiseMovesPerDay).toBeLessThanOrEqual(0.5);
  expect(outcome.recoveryReviews).toBeLessThanOrEqual(2);
  expect(outcome.deadSlots).toBeGreaterThan(0);
  expect(outcome.refillIntervals).toBeLessThanOrEqual(3);
});

test("the same seed gives the same course", () => {
  const options = {
    servers: 1,
    monitors: 14,
    days: 3,
    silenceDays: 10,
    spoiltDays: 10,
    policy: POOL_SELECTION,
  };
  const one = simulateFleet({ ...options, seed: 3 });
  expect(simulateFleet({ ...options, seed: 3 })).toEqual(one);
  expect(simulateFleet({ ...options, seed: 4 })).not.toEqual(one);
});
