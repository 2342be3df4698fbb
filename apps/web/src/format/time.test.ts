import { expect, test } from "vitest";
import { formatInstant, formatInstantNear, formatStamp } from "./instant.ts";
import { formatAge, formatLong, formatRelative } from "./relative-time.ts";

const plain = (text: string): string => text.replaceAll("\u00a0", " ");
const AT = Date.UTC(2026, 10, 20, 14, 2, 11, 345);

test("an instant in UTC ends in Z", () => {
  expect(formatInstant(AT, "utc")).toBe("2026-11-20 14:02:11Z");
  expect(formatInstant(AT, "utc", "minute")).toBe("14:02Z");
  expect(formatInstant(AT, "utc", "milliseconds")).toBe("2026-11-20 14:02:11.345Z");
});

test("an instant in local time names its distance from UTC", () => {
  expect(formatInstant(AT, "local")).toMatch(/^2026-11-\d\d \d\d:\d\d:11[+-]\d\d:\d\d$/);
});

test("the date is left out only on the same day", () => {
  expect(formatInstantNear(AT, AT + 60_000, "utc")).toBe("14:02:11Z");
  expect(formatInstantNear(AT, AT + 86_400_000, "utc")).toBe("2026-11-20 14:02:11Z");
});

test("a stamp keeps its nanoseconds", () => {
  expect(formatStamp(BigInt(AT) * 1_000_000n + 678_901n, "utc")).toBe("14:02:11.345678901");
});

test("ages round down and use one unit", () => {
  expect([0, 999, 59_999, 60_000, 7_199_999, 90_000_000].map((ms) => plain(formatAge(ms)))).toEqual(
    ["0 s", "0 s", "59 s", "1 min", "1 h", "1 d"],
  );
});

test("relative times say before and after", () => {
  expect(plain(formatRelative(AT, AT + 12_500))).toBe("12 s ago");
  expect(plain(formatRelative(AT, AT + 400))).toBe("just now");
  expect(plain(formatRelative(AT + 5_000, AT))).toBe("in 5 s");
});

test("long spans have two units", () => {
  expect(plain(formatLong(7_500_000))).toBe("2 h 5 min");
  expect(plain(formatLong(7_200_000))).toBe("2 h");
});
