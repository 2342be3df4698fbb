import { expect, test } from "vitest";
import { STOP_LIMITS } from "./stop-limits.ts";

const STOP_MS_MAX = 10_000;

test("the limits of a stop follow each other, and all is over within ten seconds", () => {
  const { probingEndsMs, deliveryEndsMs, closingMs, openingMs } = STOP_LIMITS;
  expect(probingEndsMs).toBeLessThan(deliveryEndsMs);
  expect(deliveryEndsMs).toBeLessThan(closingMs);
  expect(openingMs + closingMs).toBeLessThanOrEqual(STOP_MS_MAX);
});
