import { expect, test } from "vitest";
import { countOf, formatCount, formatFixed, formatShare, formatSigned } from "./number.ts";
import { formatScore, formatStep } from "./score.ts";

const plain = (text: string): string => text.replaceAll(/[\u00a0\u202f]/g, " ");

test("counts are grouped", () => {
  expect(plain(formatCount(1234567n))).toBe("1 234 567");
  expect(plain(formatCount(-1234))).toBe("−1 234");
  expect(plain(countOf(1, "server"))).toBe("1 server");
  expect(plain(countOf(12, "server"))).toBe("12 servers");
});

test("a share that is not quite nothing or all never reads as such", () => {
  expect([0, 0.0004, 0.012, 0.2, 0.99951, 1].map((share) => plain(formatShare(share)))).toEqual([
    "0 %",
    "<0.1 %",
    "1.2 %",
    "20 %",
    ">99.9 %",
    "100 %",
  ]);
});

test("a negative zero is no negative number", () => {
  expect(formatFixed(-0.01, 1)).toBe("0.0");
  expect(formatSigned(-0.01, 1)).toBe("−0.0");
});

test("a score below 20 is never shown as 20", () => {
  expect([20, 19.97, 5, -41.26].map(formatScore)).toEqual(["20.0", "19.9", "5.0", "−41.3"]);
  expect([1, -3.5, 0.8336].map(formatStep)).toEqual(["+1", "−3.5", "+0.83"]);
});
