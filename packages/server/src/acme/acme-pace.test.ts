import { AppError, systemRandom } from "@truechimer/base";
import { expect, test } from "vitest";
import { orderProblem, retryDelayMs } from "./acme-pace.ts";

const steady = { ...systemRandom, fraction: (): number => 0.5 };
const MINUTE_MS = 60_000;

test.each([
  { failures: 1, minutes: 15 },
  { failures: 2, minutes: 30 },
  { failures: 4, minutes: 120 },
  { failures: 7, minutes: 720 },
  { failures: 5_000, minutes: 720 },
])(
  "after $failures refusals in a row the next attempt is in $minutes min",
  ({ failures, minutes }) => {
    const error = new AppError("certificate_refused", "x");
    expect(retryDelayMs({ failures, error, random: steady })).toBe(minutes * MINUTE_MS);
  },
);

test("who was not reached is asked sooner, and within the hour", () => {
  const error = new AppError("peer_unreachable", "x");
  expect(retryDelayMs({ failures: 1, error, random: steady })).toBe(MINUTE_MS);
  expect(retryDelayMs({ failures: 50, error, random: steady })).toBe(60 * MINUTE_MS);
});

test("no pause is shorter than the authority asked for, and none is the same for all", () => {
  const error = new AppError("limit_exceeded", "x", { retryAfterMs: 86_400_000 });
  expect(retryDelayMs({ failures: 1, error, random: steady })).toBe(86_400_000);
  const early = { ...systemRandom, fraction: (): number => 0 };
  const refused = new AppError("certificate_refused", "x");
  expect(retryDelayMs({ failures: 1, error: refused, random: early })).toBe(12 * MINUTE_MS);
  expect(retryDelayMs({ failures: 1, error: new Error("x"), random: steady })).toBe(15 * MINUTE_MS);
});

test("in the first hour of failures fewer orders are made than Let's Encrypt's five failed proofs", () => {
  const early = { ...systemRandom, fraction: (): number => 0 };
  const error = new AppError("certificate_refused", "x");
  let atMs = 0;
  let orders = 0;
  for (let failures = 1; atMs < 60 * MINUTE_MS; failures += 1) {
    orders += 1;
    atMs += retryDelayMs({ failures, error, random: early });
  }
  expect(orders).toBe(3);
});

test("orders within the limits are made", () => {
  expect(orderProblem({ inHour: 3, issuedInWeek: 3 })).toBeUndefined();
  expect(orderProblem({ inHour: 4, issuedInWeek: 0 })).toMatchObject({ code: "limit_exceeded" });
  expect(orderProblem({ inHour: 0, issuedInWeek: 4 })).toMatchObject({ code: "limit_exceeded" });
});
