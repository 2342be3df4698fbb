import { describe, expect, test } from "vitest";
import { aheadOrBehind, formatOffset, formatSpan, formatTick } from "./offset.ts";

const plain = (text: string): string => text.replaceAll("\u00a0", " ");

describe("an offset with its bound", () => {
  const cases: readonly [name: string, value: number, bound: number | undefined, text: string][] = [
    ["as many digits as the bound justifies", 12_300, 800, "+12.3 µs ± 0.8"],
    ["digits stop where the bound begins", 12_345_678, 5_000_000, "+12 ms ± 5"],
    ["a first digit of 1 shows one more", 12_345_678, 1_400_000, "+12.3 ms ± 1.4"],
    ["a bound above the value decides the unit", 3_100_000, 51_000_000, "+3 ms ± 51"],
    ["a value that would vanish shows one digit more", 400_000, 5_100_000, "+0.4 ms ± 5"],
    ["a value that vanishes even so is 0 without a sign", -3_000, 5_100_000, "0 ms ± 5"],
    ["negative uses a true minus", -40_123_456, 210_000, "−40.12 ms ± 0.21"],
    ["seconds", 2_000_312_000, 812_000, "+2.0003 s ± 0.0008"],
    ["nanoseconds have no decimals", 420, 38, "+420 ns ± 38"],
    ["rounding carries into the next unit", 999_960, undefined, "+1.00 ms"],
    ["without a bound three digits", 12_345, undefined, "+12.3 µs"],
    ["zero has no sign", 0, 800, "0 ns ± 800"],
    ["days", 20_411 * 86_400e9, undefined, "+20411 d"],
  ];
  test.each(cases)("%s", (_name, value, bound, text) => {
    expect(plain(formatOffset(value, bound).text)).toBe(text);
  });

  test("bigints and numbers give the same text", () => {
    expect(formatOffset(-1_234_567n, 890n).text).toBe(formatOffset(-1_234_567, 890).text);
  });

  test("hovering tells every digit and what the sign means", () => {
    const exact = formatOffset(-1_234_567n, 890n).exact;
    expect(exact.replaceAll(/[\u00a0\u202f]/g, " ")).toBe(
      "−1 234 567 ns ± 890 ns: the server's clock is behind ours",
    );
  });
});

test("spans have three digits and no sign", () => {
  expect(plain(formatSpan(12_345n))).toBe("12.3 µs");
  expect(plain(formatSpan(80_000_000))).toBe("80.0 ms");
  expect(plain(formatSpan(0))).toBe("0 ns");
});

test("words say which way a clock is off", () => {
  expect(plain(aheadOrBehind(2_000_000_000))).toBe("2.00 s ahead");
  expect(plain(aheadOrBehind(-40_000_000n))).toBe("40.0 ms behind");
});

test("ticks carry no needless digits", () => {
  const ticks = [0, 25e6, -1e9, 100e3, 1e10, 2.5e6].map((value) => plain(formatTick(value)));
  expect(ticks).toEqual(["0", "+25 ms", "−1 s", "+100 µs", "+10 s", "+2.5 ms"]);
});
