import fc from "fast-check";
import { expect, test } from "vitest";
import { percentiles } from "./percentiles.ts";

test("a percentile is the value at its rank", () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ noNaN: true }), { minLength: 1 }),
      fc.array(fc.double({ min: 0, max: 1, noNaN: true })),
      (values, shares) => {
        const sorted = Float64Array.from(values).toSorted();
        const found = percentiles(Float64Array.from(values), shares);
        for (const [at, share] of shares.entries()) {
          const rank = Math.max(0, Math.ceil(share * values.length) - 1);
          expect(found[at]).toBeCloseTo(sorted[rank] as number, 12);
        }
      },
    ),
  );
});

test("of nothing there is none", () => {
  expect(percentiles(new Float64Array(), [0.5])).toEqual([Number.NaN]);
});
