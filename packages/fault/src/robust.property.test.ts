import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { median, weightedMedian } from "./robust.ts";

const weighted = fc.array(
  fc.record({ value: fc.integer({ min: -20, max: 20 }), weight: fc.integer({ min: 1, max: 5 }) }),
  { minLength: 1, maxLength: 40 },
);

describe("the weighted median", () => {
  it("is the least value with half of the weight at or below it", () => {
    fc.assert(
      fc.property(weighted, (entries) => {
        const total = entries.reduce((sum, { weight }) => sum + weight, 0);
        const upTo = (value: number): number =>
          entries.reduce((sum, each) => sum + (each.value <= value ? each.weight : 0), 0);
        const expected = entries
          .map(({ value }) => value)
          .toSorted((a, b) => a - b)
          .find((value) => upTo(value) * 2 >= total);
        const middle = weightedMedian({
          values: Float64Array.from(entries, ({ value }) => value),
          weights: Float64Array.from(entries, ({ weight }) => weight),
          length: entries.length,
        });
        expect(middle).toBe(expected);
      }),
    );
  });

  it("of nothing there is none", () => {
    const nothing = { values: new Float64Array(3), weights: new Float64Array(3), length: 0 };
    expect(weightedMedian(nothing)).toBeNaN();
    expect(median([])).toBeNaN();
  });

  it("of many and of few values it is the middle of them in order", () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1, maxLength: 200 }), (values) => {
        const sorted = values.toSorted((a, b) => a - b);
        const middle = sorted.length >> 1;
        const [upper, lower] = [sorted[middle] as number, sorted[middle - 1] as number];
        expect(median(values)).toBe(values.length % 2 === 1 ? upper : (lower + upper) / 2);
      }),
    );
  });

  it("of an even number it lies between the two middle ones", () => {
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });
});
