import { AppError } from "@truechimer/base";
import { expect, test } from "vitest";
import {
  decodePageToken,
  encodePageToken,
  INSTANT_PATTERN,
  INT8_PATTERN,
  pageSize,
} from "./page-token.ts";

const PATTERNS = [INSTANT_PATTERN, INT8_PATTERN];

test("what was encoded comes back", () => {
  const parts = ["2026-03-01T12:00:00.123456Z", "42"];
  expect(decodePageToken(encodePageToken(parts), PATTERNS)).toEqual(parts);
});

test.each([
  "",
  "nonsense",
  encodePageToken(["x", "42"]),
  encodePageToken(["42"]),
  encodePageToken(["2026-02-30T12:00:00.000000Z", "42"]),
  encodePageToken(["2026-13-01T12:00:00.000000Z", "42"]),
  encodePageToken(["2026-03-01T25:00:00.000000Z", "42"]),
  encodePageToken(["2026-03-01T24:00:00.000000Z", "42"]),
  encodePageToken(["0000-03-01T12:00:00.000000Z", "42"]),
  encodePageToken(["1; drop table x", "1"]),
])("%s is refused", (token) => {
  expect(() => decodePageToken(token, PATTERNS)).toThrow(AppError);
});

test("a page has a normal and a greatest size", () => {
  const sizes = { normal: 50, max: 1_000 };
  expect(pageSize(0, sizes)).toBe(50);
  expect(pageSize(1_000, sizes)).toBe(1_000);
  expect(() => pageSize(1_001, sizes)).toThrow("at most 1000");
});
