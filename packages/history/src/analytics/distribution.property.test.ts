import fc from "fast-check";
import { expect, test } from "vitest";
import {
  DISTRIBUTION_SHARES,
  type Distribution,
  distributionOf as distributionSteps,
} from "./distribution.ts";

function distributionOf(...question: Parameters<typeof distributionSteps>): Distribution {
  const steps = distributionSteps(...question);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

const someValues = fc.array(
  fc.oneof(
    fc.integer({ min: -1_000_000, max: 1_000_000 }),
    fc.constantFrom(-7_000_000_000, 2_000_000_000),
  ),
  { minLength: 1, maxLength: 300 },
);

test("every value is in the bin that it belongs to, below, or above", () => {
  fc.assert(
    fc.property(someValues, fc.integer({ min: 2, max: 80 }), (values, binsMax) => {
      const found = distributionOf(Float64Array.from(values), { binsMax, widthMin: 1 });
      expect(found.counts.length).toBeLessThanOrEqual(binsMax);
      const edge = (bin: number): number => found.firstFrom + bin * found.binWidth;
      for (const [bin, count] of found.counts.entries()) {
        const within = values.filter((value) => value >= edge(bin) && value < edge(bin + 1));
        expect(count).toBe(within.length);
      }
      const end = edge(found.counts.length);
      expect(found.below).toBe(values.filter((value) => value < found.firstFrom).length);
      expect(found.above).toBe(values.filter((value) => value >= end).length);
      expect(found.count).toBe(values.length);
    }),
  );
});

test("extremes are kept whatever the bins are, and percentiles are values that were measured", () => {
  fc.assert(
    fc.property(someValues, (values) => {
      const found = distributionOf(Float64Array.from(values), { binsMax: 20, widthMin: 1 });
      const sorted = values.toSorted((one, other) => one - other);
      expect([found.least, found.greatest]).toEqual([sorted[0], sorted.at(-1)]);
      for (const [at, share] of DISTRIBUTION_SHARES.entries()) {
        expect(found.percentiles[at]).toBe(sorted[Math.ceil(share * sorted.length) - 1]);
      }
      // The bulk is within the bins.
      const outside = found.below + found.above;
      expect(outside).toBeLessThanOrEqual(0.02 * values.length + 1);
    }),
  );
});

test("one value far away does not put all the others into one bin", () => {
  const values = Float64Array.from([
    ...Array.from({ length: 1_000 }, (_unused, at) => at),
    5_000_000_000,
  ]);
  const { counts, above, greatest } = distributionOf(values, { binsMax: 50, widthMin: 1 });
  expect(counts.length).toBeGreaterThan(30);
  expect(Math.max(...counts)).toBeLessThan(100);
  expect(above).toBeGreaterThan(0);
  expect(greatest).toBe(5_000_000_000);
});

test("values that are all the same are one bin, none at all are none", () => {
  const same = distributionOf(Float64Array.from([7, 7, 7]), { binsMax: 10, widthMin: 1 });
  expect(same).toMatchObject({ firstFrom: 7, binWidth: 1, counts: [3], below: 0, above: 0 });
  const none = distributionOf(new Float64Array(), { binsMax: 10, widthMin: 1 });
  expect(none).toMatchObject({ count: 0, counts: [], least: Number.NaN, greatest: Number.NaN });
  expect(none.percentiles).toHaveLength(DISTRIBUTION_SHARES.length);
});
