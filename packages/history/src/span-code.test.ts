import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeSpan, encodeSpan } from "./span-code.ts";

test("below half a second a span is exact, with its sign", () => {
  fc.assert(
    fc.property(fc.integer({ min: -(2 ** 29) + 1, max: 2 ** 29 - 1 }), (ns) => {
      expect(decodeSpan(encodeSpan(ns))).toBe(ns === 0 ? 0 : ns);
    }),
  );
});

test("beyond it, and to seventeen years, it errs by less than two millionths", () => {
  fc.assert(
    fc.property(fc.double({ min: 2 ** 29, max: 5.3e17, noNaN: true }), (ns) => {
      expect(Math.abs(decodeSpan(encodeSpan(ns)) / ns - 1)).toBeLessThan(2e-6);
      expect(decodeSpan(encodeSpan(-ns))).toBe(-decodeSpan(encodeSpan(ns)));
    }),
  );
});

test("what is not known stays so, and what is longer is cut", () => {
  expect(decodeSpan(encodeSpan(Number.NaN))).toBeNaN();
  expect(decodeSpan(encodeSpan(1e20))).toBe((2 ** 29 - 1) * 1e9);
  expect(decodeSpan(encodeSpan(-0.2))).not.toBeNaN();
});
