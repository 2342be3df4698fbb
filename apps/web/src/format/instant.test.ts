import { expect, test } from "vitest";
import { formatInstant, formatInstantNear, formatStamp, zoneOffsetMs } from "./instant.ts";

const AT = Date.UTC(2026, 2, 1, 14, 2, 11, 42);

test.each([
  ["date-time", "2026-03-01 14:02:11Z"],
  ["time", "14:02:11Z"],
  ["minute", "14:02Z"],
  ["date", "2026-03-01"],
  ["milliseconds", "2026-03-01 14:02:11.042Z"],
] as const)("in UTC as %s", (parts, text) => {
  expect(formatInstant(AT, "utc", parts)).toBe(text);
});

test("the browser's own zone is told by its distance from UTC", () => {
  const text = formatInstant(AT, "local");
  expect(text).toMatch(/[+-]\d\d:\d\d$/);
  expect(Date.parse(text.replace(" ", "T"))).toBe(AT - 42);
  expect(zoneOffsetMs(AT, "utc")).toBe(0);
});

test("today's instants are told without their date", () => {
  expect(formatInstantNear(AT, AT + 3_600_000, "utc")).toBe("14:02:11Z");
  expect(formatInstantNear(AT, AT + 86_400_000, "utc")).toBe("2026-03-01 14:02:11Z");
});

test("a stamp has all nine digits, before 1970 too", () => {
  expect(formatStamp(BigInt(AT) * 1_000_000n + 7n, "utc")).toBe("14:02:11.042000007");
  expect(formatStamp(-1n, "utc")).toMatch(/\.999999999$/);
});
