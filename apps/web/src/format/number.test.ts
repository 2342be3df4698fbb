import { expect, test } from "vitest";
import {
  countOf,
  formatCount,
  formatFixed,
  formatShare,
  formatSigned,
  keepQuantities,
} from "./number.ts";
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

test.each([
  ["8 agree within 16 ms; a.lab is 2.0 s ahead", "8 agree within 16_ms; a.lab is 2.0_s ahead"],
  ["+24.6 ms ± 1.2, 40 % lost", "+24.6_ms_±_1.2, 40_% lost"],
  ["3 servers and 2 agents are unsure", "3 servers and 2 agents are unsure"],
])("%j stays together where a number has its unit", (sentence, kept) => {
  expect(keepQuantities(sentence).replaceAll("\u00a0", "_")).toBe(kept);
});

test("a negative zero is no negative number", () => {
  expect(formatFixed(-0.01, 1)).toBe("0.0");
  expect(formatSigned(-0.01, 1)).toBe("−0.0");
});

test("a score below 20 is never shown as 20", () => {
  expect([20, 19.97, 5, -41.26].map(formatScore)).toEqual(["20.0", "19.9", "5.0", "−41.3"]);
  expect([1, -3.5, 0.8336].map(formatStep)).toEqual(["+1", "−3.5", "+0.83"]);
});
