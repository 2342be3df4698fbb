import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fleetMedian, lowerMedian } from "./median.ts";
import { pixelLines } from "./pixel-lines.ts";
import { type Line, nearestIndex } from "./series.ts";
import { offsetSentence, summariseLine } from "./summary.ts";
import { linearTicks, offsetTicks, timeTicks } from "./ticks.ts";
import { pan, rangeOf, viewWords, zoomAt } from "./view.ts";

function line(key: string, points: readonly (readonly [atMs: number, offsetNs: number])[]): Line {
  return {
    key,
    name: `monitor ${key}`,
    atMs: points.map(([at]) => at),
    offsetNs: points.map(([, offset]) => offset),
    boundNs: points.map(([, offset]) => (Number.isNaN(offset) ? Number.NaN : 1_000)),
    rttNs: points.map(() => 2_000),
    score: points.map(() => 20),
    step: points.map(() => 1),
    checkIds: points.map((_point, index) => BigInt(index + 1)),
    reasons: points.map(([, offset]) => (Number.isNaN(offset) ? "timeout" : "")),
  };
}

const identity = (value: number): number => value;
const DRAW = { fromMs: 0, toMs: 1e9, gapMs: 100, x: identity, y: identity };

describe("lines in pixels", () => {
  test("a gap in the data is a gap in the line", () => {
    const lines = pixelLines({ ...DRAW, atMs: [0, 50, 300, 350], values: [1, 2, 3, 4] });
    expect(lines).toEqual([
      [0, 1, 50, 2],
      [300, 3, 350, 4],
    ]);
  });

  test("a failed check ends the line", () => {
    const lines = pixelLines({ ...DRAW, atMs: [0, 10, 20], values: [1, Number.NaN, 3] });
    expect(lines).toEqual([
      [0, 1],
      [20, 3],
    ]);
  });

  test("in one column the extremes survive", () => {
    const lines = pixelLines({
      ...DRAW,
      atMs: [0, 1, 2, 3, 4],
      values: [5, 90, -40, 6, 7],
      x: () => 0,
    });
    expect(lines).toEqual([[0, 5, 0, -40, 0, 90, 0, 7]]);
  });

  test("whatever goes in, least and greatest come out, at most four points a column", () => {
    const values = fc.array(fc.integer({ min: -1_000, max: 1_000 }), {
      minLength: 1,
      maxLength: 500,
    });
    fc.assert(
      fc.property(values, (drawn) => {
        const atMs = drawn.map((_value, index) => index);
        const points = pixelLines({ ...DRAW, atMs, values: drawn, x: (at) => at / 50 }).flat();
        const ys = points.filter((_value, index) => index % 2 === 1);
        expect(Math.min(...ys)).toBe(Math.min(...drawn));
        expect(Math.max(...ys)).toBe(Math.max(...drawn));
        expect(ys.length).toBeLessThanOrEqual(4 * (Math.round(drawn.length / 50) + 1));
      }),
    );
  });

  test("the line goes on beyond the edges of the view", () => {
    const lines = pixelLines({
      ...DRAW,
      fromMs: 100,
      toMs: 200,
      atMs: [50, 150, 250, 350],
      values: [1, 2, 3, 4],
    });
    expect(lines).toEqual([[50, 1, 150, 2, 250, 3]]);
  });
});

describe("the fleet's median", () => {
  test("is the lower one of an even number", () => {
    expect(lowerMedian([4, 1, 3, 2])).toBe(2);
    expect(lowerMedian([])).toBeNaN();
  });

  test("hears only who has fresh data, and failed checks say nothing", () => {
    const median = fleetMedian(
      [
        line("1", [
          [0, 10],
          [100, 20],
        ]),
        line("2", [
          [0, 30],
          [10, Number.NaN],
        ]),
        line("3", [[0, 50]]),
      ],
      { fromMs: 0, toMs: 120, slots: 2, freshMs: 50 },
    );
    expect(median.atMs).toEqual([0, 60, 120]);
    expect(median.offsetNs).toEqual([30, Number.NaN, 20]);
  });
});

describe("the view", () => {
  const view = { fromMs: 1_000_000, toMs: 2_000_000 };

  test("zooming keeps the point under the pointer where it is", () => {
    const zoomed = zoomAt(view, 1_250_000, 0.5, 9e9);
    expect(zoomed).toEqual({ fromMs: 1_125_000, toMs: 1_625_000 });
  });

  test("zooming in ends at ten seconds", () => {
    const zoomed = zoomAt(view, 1_500_000, 1e-9, 9e9);
    expect(zoomed.toMs - zoomed.fromMs).toBe(10_000);
  });

  test("no view reaches into the future", () => {
    expect(pan(view, 5_000_000, 2_000_000)).toEqual(view);
    expect(zoomAt(view, 2_000_000, 4, 2_000_000).toMs).toBe(2_000_000);
  });

  test("an address says which part of time", () => {
    expect(rangeOf({ range: "6h" })).toEqual({ kind: "last", spanMs: 21_600_000 });
    expect(rangeOf({})).toEqual({ kind: "last", spanMs: 86_400_000 });
    expect(rangeOf({}, 4 * 60_000)).toEqual({ kind: "last", spanMs: 900_000 });
    expect(rangeOf({ range: "7d" }, 60_000)).toEqual({ kind: "last", spanMs: 7 * 86_400_000 });
    expect(rangeOf({ from: "nonsense", to: "x" }).kind).toBe("last");
    expect(rangeOf(viewWords(view))).toEqual({ kind: "fixed", ...view });
  });
});

describe("ticks", () => {
  const WIDE = { lowNs: -1.2e9, highNs: 1.2e9, linearNs: 100_000, pixels: 300, gap: 20 };

  test("time ticks stand on round times and midnights carry the date", () => {
    const from = Date.UTC(2026, 10, 20, 20, 17);
    const texts = timeTicks(from, from + 8 * 3_600_000, 8, "utc").map((tick) => tick.text);
    expect(texts).toEqual(["21:00", "22:00", "23:00", "11-21", "01:00", "02:00", "03:00", "04:00"]);
  });

  test("offset ticks over many decades are the decades", () => {
    expect(offsetTicks(WIDE)).toContain(1e9);
    expect(offsetTicks(WIDE)).toContain(0);
  });

  test("offset ticks over a narrow range are round and not crowded", () => {
    const ticks = offsetTicks({
      lowNs: 39.6e6,
      highNs: 40.4e6,
      linearNs: 80e6,
      pixels: 240,
      gap: 24,
    });
    expect(ticks.length).toBeGreaterThanOrEqual(4);
    expect(ticks).toContain(40e6);
  });

  test("linear ticks are multiples of 1, 2 or 5", () => {
    expect(linearTicks(-3, 11, 5)).toEqual([0, 5, 10]);
    expect(linearTicks(2, 2, 5)).toEqual([2]);
  });
});

test("the nearest point in time is found from either side", () => {
  expect(nearestIndex([0, 10, 20], 14)).toBe(1);
  expect(nearestIndex([0, 10, 20], 16)).toBe(2);
  expect(nearestIndex([0, 10, 20], 99)).toBe(2);
  expect(nearestIndex([], 5)).toBeUndefined();
});

test("the sentence beside the chart has the numbers", () => {
  const view = { fromMs: 0, toMs: 3_600_000 };
  const summary = summariseLine(
    line("1", [
      [0, 12_000],
      [1_000, Number.NaN],
      [2_000, 14_000],
    ]),
    view,
  );
  expect(summary).toMatchObject({
    checks: 3,
    failed: 1,
    medianNs: 12_000,
    lowestNs: 12_000,
    highestNs: 14_000,
  });
  expect(offsetSentence([summary], view, false).replaceAll("\u00a0", " ")).toBe(
    "1 h, 1 monitor, 3 checks: median +12.0 µs ± 1.0, between +12.0 µs and +14.0 µs; 33 % of them failed.",
  );
});
