import fc from "fast-check";
import { expect, test } from "vitest";
import { createOffsetScale, symlog, symlogInverse } from "./symlog.ts";

test("the marks lie a decade apart", () => {
  expect([0, 100e3, 1e6, 100e6, 1e9, -10e9].map((ns) => symlog(ns))).toEqual([0, 1, 2, 4, 5, -6]);
});

test("inside ±100 µs the scale is linear", () => {
  expect(symlog(50_000)).toBe(0.5);
  expect(symlog(-25_000)).toBe(-0.25);
});

test("the inverse gives back what went in", () => {
  fc.assert(
    fc.property(fc.double({ min: -1e12, max: 1e12, noNaN: true }), (ns) => {
      expect(symlogInverse(symlog(ns))).toBeCloseTo(ns, Math.abs(ns) > 1e6 ? -3 : 3);
    }),
  );
});

test("a greater offset is never drawn further left", () => {
  const scale = createOffsetScale(0, 1000);
  const ns = fc.double({ min: -1e12, max: 1e12, noNaN: true });
  fc.assert(
    fc.property(ns, ns, (one, other) => {
      const [less, more] = one < other ? [one, other] : [other, one];
      expect(scale.x(less)).toBeLessThanOrEqual(scale.x(more));
    }),
  );
});

test("zero is in the middle and what lies beyond is drawn at the edge", () => {
  const scale = createOffsetScale(20, 220);
  expect(scale.x(0)).toBe(120);
  expect(scale.x(1e15)).toBe(220);
  expect(scale.beyond(1e15)).toBe(true);
  expect(scale.beyond(-2e9)).toBe(false);
});
