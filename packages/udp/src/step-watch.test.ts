import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { StepWatch } from "./step-watch.ts";

const SECOND_NS = 1_000_000_000n;

/** Looks at the two clocks a second apart. */
function watching(watch: StepWatch): (lowNs: bigint, highNs: bigint) => boolean {
  let atNs = 0n;
  return (lowNs, highNs) => {
    atNs += SECOND_NS;
    return watch.observe({ lowNs, highNs, atNs });
  };
}

describe("StepWatch", () => {
  test("readings that share a point prove nothing, however wide they are", () => {
    const watch = new StepWatch();
    const look = watching(watch);
    expect(look(0n, 1_000n)).toBe(false);
    expect(look(900n, 5_000_000n)).toBe(false);
    expect(look(-5_000_000n, 950n)).toBe(false);
    expect(watch.totalNs).toBe(0n);
  });

  test.each([
    { name: "an hour forward", stepNs: 3_600n * SECOND_NS },
    { name: "a second back", stepNs: -SECOND_NS },
    { name: "five microseconds forward", stepNs: 5_000n },
  ])("$name is noticed and measured", ({ stepNs }) => {
    const watch = new StepWatch();
    const look = watching(watch);
    look(0n, 200n);
    expect(look(stepNs, stepNs + 200n)).toBe(true);
    expect(watch.totalNs).toBe(stepNs);
    expect(look(stepNs + 50n, stepNs + 250n)).toBe(false);
  });

  test("two steps add up", () => {
    const watch = new StepWatch();
    const look = watching(watch);
    for (const at of [0n, SECOND_NS, -SECOND_NS]) look(at, at);
    expect(watch.totalNs).toBe(-SECOND_NS);
  });

  test("clocks that may drift apart do so unsuspected, a step beyond that is seen", () => {
    const watch = new StepWatch({ roundingNs: 0n, driftPartsPerMillion: 500n });
    const look = watching(watch);
    for (let second = 0n; second < 100n; second += 1n) {
      expect(look(second * 400_000n, second * 400_000n)).toBe(false);
    }
    expect(look(99n * 400_000n + 2_000_000n, 99n * 400_000n + 2_000_000n)).toBe(true);
  });

  test("a clock that is never stepped is never suspected, whatever interrupts the readings", () => {
    const interruption = fc.bigInt({ min: 0n, max: 10_000_000n });
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n }),
        fc.array(fc.tuple(interruption, interruption)),
        (difference, readings) => {
          const look = watching(new StepWatch());
          for (const [before, after] of readings) {
            expect(look(difference - after, difference + before)).toBe(false);
          }
        },
      ),
    );
  });
});
