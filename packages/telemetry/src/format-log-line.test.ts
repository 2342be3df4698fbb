import { expect, test } from "vitest";
import { formatLogLine } from "./format-log-line.ts";

test("a line that is no JSON object passes unchanged, with its line feed", () => {
  expect(formatLogLine("not json", { colour: false })).toBe("not json\n");
  expect(formatLogLine("[1]\n", { colour: false })).toBe("[1]\n");
});

test("time of day, level, message, fields", () => {
  const line = JSON.stringify({
    level: "info",
    time: "2026-01-01T12:34:56.789Z",
    message: "ready",
    took: { ms: 3 },
  });
  expect(formatLogLine(line, { colour: false })).toBe('12:34:56.789 info  ready took={"ms":3}\n');
});
