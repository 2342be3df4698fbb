import { expect, test } from "vitest";
import { nextConfigFetchMs } from "./config-schedule.ts";

const MINUTE_MS = 60_000;

test.each([
  ["after a success", { failed: false, configured: true, failures: 0 }, 60 * MINUTE_MS],
  ["after a later success", { failed: false, configured: true, failures: 9 }, 60 * MINUTE_MS],
  ["after a failure", { failed: true, configured: true, failures: 1 }, 20 * MINUTE_MS],
  ["after the first failure of all", { failed: true, configured: false, failures: 1 }, 10_000],
  ["after the third", { failed: true, configured: false, failures: 3 }, 30_000],
  ["after very many", { failed: true, configured: false, failures: 500 }, 20 * MINUTE_MS],
])("%s", (_, history, expectedMs) => {
  expect(nextConfigFetchMs(history)).toBe(expectedMs);
});
