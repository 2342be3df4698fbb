import { describe, expect, test } from "vitest";
import { formatAge, formatLong, formatRelative } from "./relative-time.ts";

const plain = (text: string): string => text.replaceAll("\u00a0", " ");

test.each([
  [0, "0 s"],
  [-5, "0 s"],
  [59_999, "59 s"],
  [119_999, "1 min"],
  [7_199_999, "1 h"],
  [90_000_000, "1 d"],
])("an age of %i ms is rounded down", (ms, text) => {
  expect(plain(formatAge(ms))).toBe(text);
});

test.each([
  [1_000, "just now"],
  [500, "just now"],
  [-2_000, "3 s ago"],
  [6_000, "in 5 s"],
])("an instant at %i, seen at 1,000", (atMs, text) => {
  expect(plain(formatRelative(atMs, 1_000))).toBe(text);
});

describe("two units", () => {
  test.each([
    [7_500_000, "2 h 5 min"],
    [7_200_000, "2 h"],
    [273_600_000, "3 d 4 h"],
    [42_000, "42 s"],
    [-1, "0 s"],
  ])("%i ms", (ms, text) => {
    expect(plain(formatLong(ms))).toBe(text);
  });
});
