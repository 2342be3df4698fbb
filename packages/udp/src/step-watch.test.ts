import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { StepWatch } from "./step-watch.ts";

const SECOND_NS = 1_000_000_000n;

describe("StepWatch", () => {
  test("readings that share a point prove nothing, however wide they are", () => {
    const watch = new StepWatch();
    for (const [low, high] of [
      [0n, 1_000n],
      [900n, 5_000_000n],
      [-5_000_000n, 950n],
    ] as const) {
      expect(watch.observe(low, high)).toBe(false);
    }
    expect(watch.totalNs).toBe(0n);
  });

  test.each([
    { name: "an hour forward", stepNs: 3_600n * SECOND_NS },
    { name: "a second back", stepNs: -SECOND_NS },
    { name: "five microseconds forward", stepNs: 5_000n },
  ])("$name is noticed and measured", ({ stepNs }) => {
    const watch = new StepWatch();
    watch.observe(0n, 200n);
    expect(watch.observe(stepNs, stepNs + 200n)).toBe(true);
    expect(watch.totalNs).toBe(stepNs);
    expect(watch.observe(stepNs + 50n, stepNs + 250n)).toBe(false);
  });

  test("two steps add up", () => {
    const watch = new StepWatch();
    watch.observe(0n, 0n);
    watch.observe(SECOND_NS, SECOND_NS);
    watch.observe(-SECOND_NS, -SECOND_NS);
    expect(watch.totalNs).toBe(-SECOND_NS);
  });

  test("a clock that is never stepped is never suspected, whatever interrupts the readings", () => {
    const interruption = fc.bigInt({ min: 0n, max: 10_000_000n });
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n }),
        fc.array(fc.tuple(interruption, interruption)),
        (difference, readings) => {
          const watch = new StepWatch();
          for (const [before, after] of readings) {
            expect(watch.observe(difference - after, difference + before)).toBe(false);
          }
        },
      ),
    );
  });
});
