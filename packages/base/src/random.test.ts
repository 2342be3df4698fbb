import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Random, systemRandom, unsafelyDeterministicRandom } from "./random.ts";

const SOURCES: readonly { readonly name: string; readonly create: () => Random }[] = [
  { name: "systemRandom", create: () => systemRandom },
  { name: "unsafelyDeterministicRandom", create: () => unsafelyDeterministicRandom(7) },
];

describe.each(SOURCES)("$name, as every Random,", ({ create }) => {
  it("gives as many bytes as asked for", () => {
    const random = create();
    for (const length of [0, 1, 8, 1_000]) expect(random.bytes(length)).toHaveLength(length);
  });

  it("gives fractions from 0 up to but not including 1", () => {
    const random = create();
    const fractions = Array.from({ length: 2_000 }, () => random.fraction());
    expect(fractions.every((fraction) => fraction >= 0 && fraction < 1)).toBe(true);
  });

  it("is spread evenly: mean near a half, every tenth met, every byte value met", () => {
    const random = create();
    const fractions = Array.from({ length: 10_000 }, () => random.fraction());
    const mean = fractions.reduce((sum, fraction) => sum + fraction, 0) / fractions.length;
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.03);
    expect(new Set(fractions.map((fraction) => Math.floor(fraction * 10))).size).toBe(10);
    expect(new Set(random.bytes(20_000)).size).toBe(256);
  });
});

describe("unsafelyDeterministicRandom", () => {
  it("gives the same stream for the same seed, and another for another", () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (seed, otherSeed) => {
        const stream = (of: number): string => unsafelyDeterministicRandom(of).bytes(32).toHex();
        expect(stream(seed)).toBe(stream(seed));
        if (seed !== otherSeed) expect(stream(seed)).not.toBe(stream(otherSeed));
      }),
    );
  });
});
