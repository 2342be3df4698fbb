import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatDurationNs, formatOffset } from "./format-time.ts";

describe("formatOffset", () => {
  it.each([
    { offsetNs: 12_300n, boundNs: 800n, text: "+12.3 µs ± 0.8" },
    { offsetNs: -12_300n, boundNs: 800n, text: "−12.3 µs ± 0.8" },
    { offsetNs: 12_345n, boundNs: 801n, text: "+12.3 µs ± 0.9" },
    { offsetNs: 300n, boundNs: 1_120n, text: "+0.3 µs ± 1.2" },
    { offsetNs: 40_012_345n, boundNs: 520_000n, text: "+40.0 ms ± 0.6" },
    { offsetNs: 40_012_345n, boundNs: 12_345n, text: "+40.012 ms ± 0.013" },
    { offsetNs: 1_200_000n, boundNs: 26_000_000n, text: "+1 ms ± 26" },
    { offsetNs: 100n, boundNs: 26_000_000n, text: "0 ms ± 26" },
    { offsetNs: -100n, boundNs: 26_000_000n, text: "0 ms ± 26" },
    { offsetNs: 2_000_000_000n, boundNs: 5_100_000n, text: "+2.000 s ± 0.006" },
    { offsetNs: 7n, boundNs: 3n, text: "+7 ns ± 3" },
    { offsetNs: 0n, boundNs: 0n, text: "0 ns ± 0" },
    { offsetNs: 1_234n, boundNs: 0n, text: "+1.234 µs ± 0.000" },
    { offsetNs: 5_000_000_000n, boundNs: 1n, text: "+5.000000000 s ± 0.000000001" },
    { offsetNs: 10_000_000n, boundNs: 300_000n, text: "+10.0 ms ± 0.3" },
  ])("$offsetNs ± $boundNs is $text", ({ offsetNs, boundNs, text }) => {
    expect(formatOffset(offsetNs, boundNs)).toBe(text);
  });

  it.each([
    { offsetNs: 12_345n, text: "+12.3 µs" },
    { offsetNs: -2_000_000_000n, text: "−2 s" },
    { offsetNs: 0n, text: "0 ns" },
  ])("$offsetNs without a bound is $text", ({ offsetNs, text }) => {
    expect(formatOffset(offsetNs)).toBe(text);
  });

  it("never shows a bound smaller than the true one, nor an offset further from the truth than its last digit", () => {
    const offset = fc.bigInt({ min: -(10n ** 13n), max: 10n ** 13n });
    fc.assert(
      fc.property(offset, fc.bigInt({ min: 1n, max: 10n ** 12n }), (offsetNs, boundNs) => {
        const text = formatOffset(offsetNs, boundNs).replace("−", "-");
        const [, shownOffset = "", unit = "", shownBound = ""] =
          /^([-+]?[\d.]+) (\S+) ± ([\d.]+)$/.exec(text) ?? [];
        const unitNs = { ns: 1, µs: 1e3, ms: 1e6, s: 1e9 }[unit] ?? Number.NaN;
        const digitNs = unitNs / 10 ** (shownBound.split(".")[1]?.length ?? 0);
        expect(Number(shownBound) * unitNs).toBeGreaterThanOrEqual(Number(boundNs) * (1 - 1e-9));
        expect(Math.abs(Number(shownOffset) * unitNs - Number(offsetNs))).toBeLessThanOrEqual(
          digitNs * 0.51,
        );
      }),
    );
  });
});

describe("formatDurationNs", () => {
  it.each([
    { valueNs: 0n, text: "0 ns" },
    { valueNs: 999n, text: "999 ns" },
    { valueNs: 1_000n, text: "1 µs" },
    { valueNs: 1_234n, text: "1.23 µs" },
    { valueNs: 12_345n, text: "12.3 µs" },
    { valueNs: 123_456n, text: "123 µs" },
    { valueNs: 999_499n, text: "999 µs" },
    { valueNs: 999_500n, text: "1.00 ms" },
    { valueNs: 25_000_000n, text: "25 ms" },
    { valueNs: -1_234_567n, text: "−1.23 ms" },
    { valueNs: 3_000_000_000n, text: "3 s" },
    { valueNs: 86_400_000_000_000n, text: "86400 s" },
    { valueNs: 86_400_123_000_000n, text: "86400 s" },
  ])("$valueNs is $text", ({ valueNs, text }) => {
    expect(formatDurationNs(valueNs)).toBe(text);
  });

  it("is within half a percent of the value", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 10n ** 15n }), (valueNs) => {
        const [number = "", unit = ""] = formatDurationNs(valueNs).split(" ");
        const shownNs = Number(number) * ({ ns: 1, µs: 1e3, ms: 1e6, s: 1e9 }[unit] ?? Number.NaN);
        expect(Math.abs(shownNs - Number(valueNs))).toBeLessThanOrEqual(Number(valueNs) * 0.0051);
      }),
    );
  });
});
