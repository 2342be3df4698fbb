import { type Random, unsafelyDeterministicRandom } from "@truechimer/base";
import { expect, test } from "vitest";
import { backOffDelayMs, SUBMIT_BACK_OFF, WORK_BACK_OFF } from "./back-off.ts";

/** In the middle of the jitter. */
const even: Random = { bytes: () => new Uint8Array(), fraction: () => 0.5 };

test("work is asked for after 3 s, and half as long again each time, up to two minutes", () => {
  const delays = [1, 2, 3, 4, 11, 1_000].map((failures) =>
    backOffDelayMs(WORK_BACK_OFF, failures, even),
  );
  expect(delays).toEqual([3_000, 4_500, 6_750, 10_125, 120_000, 120_000]);
});

test("results are sent again after 1 s, doubling", () => {
  const delays = [1, 2, 3, 8, 9].map((failures) => backOffDelayMs(SUBMIT_BACK_OFF, failures, even));
  expect(delays).toEqual([1_000, 2_000, 4_000, 120_000, 120_000]);
});

test("jitter stays within 30 % and never passes the longest delay", () => {
  const random = unsafelyDeterministicRandom(1);
  for (let round = 0; round < 1_000; round += 1) {
    const delayMs = backOffDelayMs(WORK_BACK_OFF, 1, random);
    expect(delayMs).toBeGreaterThanOrEqual(2_100);
    expect(delayMs).toBeLessThanOrEqual(3_900);
    expect(backOffDelayMs(WORK_BACK_OFF, 50, random)).toBeLessThanOrEqual(120_000);
  }
});
