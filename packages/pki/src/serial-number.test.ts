import { systemRandom, unsafelyDeterministicRandom } from "@truechimer/base";
import { expect, test } from "vitest";
import { createSerialNumber } from "./serial-number.ts";

test("a serial number has 20 octets, is positive, and no two are alike", () => {
  const serials = Array.from({ length: 2_000 }, () => createSerialNumber(systemRandom));
  for (const serial of serials) expect(serial).toMatch(/^[4-7][0-9a-f]{39}$/);
  expect(new Set(serials).size).toBe(serials.length);
});

test("it comes from the randomness that it is given", () => {
  const one = createSerialNumber(unsafelyDeterministicRandom(1));
  expect(createSerialNumber(unsafelyDeterministicRandom(1))).toBe(one);
  expect(createSerialNumber(unsafelyDeterministicRandom(2))).not.toBe(one);
});
