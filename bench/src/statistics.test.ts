import { describe, expect, test } from "vitest";
import { median, medianSpread, spreadOf } from "./statistics.ts";

describe("statistics", () => {
  test("percentiles are values that were measured", () => {
    const values = Array.from({ length: 1_000 }, (_, index) => 1_000 - index);
    expect(spreadOf(values)).toEqual({ p50: 500, p99: 990, p999: 999, max: 1_000 });
  });

  test("of one value all figures are that value", () => {
    expect(spreadOf([7])).toEqual({ p50: 7, p99: 7, p999: 7, max: 7 });
  });

  test("without values there are no figures", () => {
    expect(spreadOf([]).p50).toBeNaN();
    expect(median([])).toBeNaN();
  });

  test("the median of an even number is the lower middle one", () => {
    expect(median([4, 1, 3, 2])).toBe(2);
  });

  test("runs are put together figure by figure", () => {
    const runs = [
      { p50: 1, p99: 9, p999: 20, max: 100 },
      { p50: 3, p99: 5, p999: 30, max: 40 },
      { p50: 2, p99: 7, p999: 10, max: 60 },
    ];
    expect(medianSpread(runs)).toEqual({ p50: 2, p99: 7, p999: 20, max: 60 });
  });
});
