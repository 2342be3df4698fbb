import { describe, expect, test } from "vitest";
import { nsFromTimestamptz, parseTimestamptz, timestamptzFromNs } from "./timestamptz.ts";

describe("parseTimestamptz", () => {
  test.each([
    {
      name: "whole seconds",
      printed: "2026-03-01 12:00:00+00",
      text: "2026-03-01T12:00:00.000000Z",
    },
    {
      name: "three decimals",
      printed: "2026-03-01 12:00:00.123+00",
      text: "2026-03-01T12:00:00.123000Z",
    },
    {
      name: "six decimals",
      printed: "2026-03-01 12:00:00.000001+00",
      text: "2026-03-01T12:00:00.000001Z",
    },
    {
      name: "a zone of whole hours",
      printed: "2026-03-01 00:30:00+02",
      text: "2026-02-28T22:30:00.000000Z",
    },
    {
      name: "a zone with minutes",
      printed: "2026-03-01 12:00:00.5-03:30",
      text: "2026-03-01T15:30:00.500000Z",
    },
    {
      name: "a zone with seconds",
      printed: "1800-01-01 00:19:32+00:19:32",
      text: "1800-01-01T00:00:00.000000Z",
    },
    {
      name: "the first year",
      printed: "0001-01-01 00:00:00+00",
      text: "0001-01-01T00:00:00.000000Z",
    },
    {
      name: "before 1970",
      printed: "1969-12-31 23:59:59.999999+00",
      text: "1969-12-31T23:59:59.999999Z",
    },
  ])("$name", ({ printed, text }) => {
    expect(parseTimestamptz(printed)).toBe(text);
  });

  test.each(["infinity", "-infinity", "0044-03-15 12:00:00+00 BC", "10000-01-01 00:00:00+00", ""])(
    "%j has no place in our tables",
    (printed) => {
      expect(() => parseTimestamptz(printed)).toThrow(/DateStyle ISO/);
    },
  );
});

describe("timestamptzFromNs", () => {
  test.each([
    { name: "the epoch", ns: 0n, text: "1970-01-01T00:00:00.000000Z" },
    { name: "below a microsecond, down", ns: 1_999n, text: "1970-01-01T00:00:00.000001Z" },
    {
      name: "below a microsecond, down before 1970 too",
      ns: -1n,
      text: "1969-12-31T23:59:59.999999Z",
    },
    {
      name: "the era change of NTP",
      ns: 2_085_978_496_000_000_000n,
      text: "2036-02-07T06:28:16.000000Z",
    },
  ])("$name", ({ ns, text }) => {
    expect(timestamptzFromNs(ns)).toBe(text);
  });

  test("an instant outside the years that we keep is our mistake", () => {
    expect(() => timestamptzFromNs(10n ** 21n)).toThrow(/outside the years/);
  });
});

test("nsFromTimestamptz gives nanoseconds since 1970", () => {
  expect(nsFromTimestamptz(parseTimestamptz("2026-03-01 12:00:00.123456+00"))).toBe(
    1_772_366_400_123_456_000n,
  );
});
