import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { symlog } from "../scale/symlog.ts";
import { linearTicks, offsetTicks, timeTicks } from "./ticks.ts";

const DAY = 86_400_000;
const NOON = Date.UTC(2026, 2, 1, 12);

describe("times", () => {
  test("are round, and midnight carries the date", () => {
    const ticks = timeTicks(NOON - 13 * 3_600_000, NOON, 5, "utc");
    expect(ticks.map(({ text }) => text)).toEqual(["03-01", "03:00", "06:00", "09:00", "12:00"]);
  });

  test("of a minute have seconds, of a year are dates", () => {
    expect(timeTicks(NOON, NOON + 60_000, 4, "utc").map(({ text }) => text)[1]).toBe("12:00:15");
    for (const { text } of timeTicks(NOON - 360 * DAY, NOON, 6, "utc")) {
      expect(text).toMatch(/^\d\d-\d\d$/);
    }
  });

  test("lie within the range, rising, and are not many more than wanted", () => {
    const spans = fc.integer({ min: 1_000, max: 400 * DAY });
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 42 }),
        spans,
        fc.integer({ min: 1, max: 20 }),
        (from, span, count) => {
          const ticks = timeTicks(from, from + span, count, "utc").map(({ atMs }) => atMs);
          expect(ticks).toEqual(ticks.toSorted((one, other) => one - other));
          expect(ticks.every((at) => at >= from && at <= from + span)).toBe(true);
          expect(ticks.length).toBeLessThanOrEqual(count + 1);
        },
      ),
    );
  });
});

describe("offsets", () => {
  test("stand apart, with zero among them where it is in view", () => {
    const bounds = fc.integer({ min: 1, max: 2_000_000_000 });
    fc.assert(
      fc.property(bounds, bounds, bounds, (below, above, linearNs) => {
        const question = { lowNs: -below, highNs: above, linearNs, pixels: 300, gap: 24 };
        const ticks = offsetTicks(question);
        expect(ticks).toContain(0);
        const scale = 300 / (symlog(above, linearNs) - symlog(-below, linearNs));
        for (const [index, ns] of ticks.slice(1).entries()) {
          const before = ticks[index] ?? 0;
          expect((symlog(ns, linearNs) - symlog(before, linearNs)) * scale).toBeGreaterThan(23.9);
        }
      }),
    );
  });

  test.each([
    [0, 10, 5, [0, 2, 4, 6, 8, 10]],
    [-1, 1, 4, [-1, -0.5, 0, 0.5, 1]],
    [3, 3, 4, [3]],
  ])("linear ones from %d to %d", (low, high, count, ticks) => {
    expect(linearTicks(low, high, count)).toEqual(ticks);
  });
});
