import { expect, test } from "vitest";
import { addDays, daysBetween, startOfDay, utcDayOf } from "./utc-day.ts";

test("a day ends at midnight UTC", () => {
  const midnightNs = 1_772_409_600_000_000_000n;
  expect(utcDayOf(midnightNs)).toBe("2026-03-02");
  expect(utcDayOf(midnightNs - 1n)).toBe("2026-03-01");
  expect(startOfDay("2026-03-02")).toBe("2026-03-02T00:00:00.000000Z");
});

test("days are counted over the ends of months and leap years", () => {
  expect(addDays("2028-02-28", 1)).toBe("2028-02-29");
  expect(addDays("2026-01-01", -1)).toBe("2025-12-31");
  expect(daysBetween("2026-02-27", "2026-03-01")).toEqual([
    "2026-02-27",
    "2026-02-28",
    "2026-03-01",
  ]);
  expect(daysBetween("2026-03-02", "2026-03-01")).toEqual([]);
});
