import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Clock } from "./clock.ts";
import { unsafelyDeterministicRandom } from "./random.ts";
import { createUlid, isUlid, ulidTimeMs, ulidTimeText } from "./ulid.ts";

function clockAt(ms: number): Clock {
  return { nowNs: () => BigInt(ms) * 1_000_000n, monotonicNs: () => 0n, setTimer: () => () => {} };
}

const instantMs = fc.integer({ min: 0, max: 2 ** 48 - 1 });

describe("ULIDs", () => {
  it("tell when they were made, and are ULIDs", () => {
    fc.assert(
      fc.property(instantMs, fc.nat(), (ms, seed) => {
        const id = createUlid(clockAt(ms), unsafelyDeterministicRandom(seed));
        expect(isUlid(id)).toBe(true);
        expect(ulidTimeMs(id)).toBe(ms);
      }),
    );
  });

  it("sort by time", () => {
    fc.assert(
      fc.property(instantMs, instantMs, fc.nat(), (a, b, seed) => {
        fc.pre(a < b);
        const random = unsafelyDeterministicRandom(seed);
        expect(createUlid(clockAt(a), random) < createUlid(clockAt(b), random)).toBe(true);
      }),
    );
  });

  it("begin with the text of their time, which tells them from those before", () => {
    fc.assert(
      fc.property(instantMs, instantMs, fc.nat(), (at, since, seed) => {
        const id = createUlid(clockAt(at), unsafelyDeterministicRandom(seed));
        expect(id.startsWith(ulidTimeText(at))).toBe(true);
        expect(id >= ulidTimeText(since)).toBe(at >= since);
      }),
    );
  });

  it("differ within a millisecond", () => {
    const random = unsafelyDeterministicRandom(3);
    const ids = Array.from({ length: 1_000 }, () => createUlid(clockAt(5), random));
    expect(new Set(ids).size).toBe(1_000);
  });

  it.each([
    "",
    "01J00000000000000000000000A",
    "01J0000000000000000000000",
    "81J00000000000000000000000",
    "01J0000000000000000000000I",
    "01J0000000000000000000000!",
    "01j00000000000000000000000",
    "01J00000000000000000000000\n",
  ])('"%s" is none', (text) => {
    expect(isUlid(text)).toBe(false);
  });
});
