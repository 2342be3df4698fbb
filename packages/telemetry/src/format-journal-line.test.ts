import { expect, test } from "vitest";
import { formatJournalLine } from "./format-journal-line.ts";
import { createLogger } from "./logger.ts";

function logged(write: (logger: ReturnType<typeof createLogger>) => void): string {
  let text = "";
  const output = { isTTY: true, write: (part: string) => (text += part) };
  write(createLogger({ format: "journal", level: "debug", output }));
  return text;
}

test.each([
  { level: "debug", prefix: "<7>" },
  { level: "info", prefix: "<6>" },
  { level: "warn", prefix: "<4>" },
  { level: "error", prefix: "<3>" },
] as const)("a line of level $level has its priority in front and no time", ({ level, prefix }) => {
  const text = logged((logger) => logger[level]({ monitor: "192.0.2.1" }, "probing"));
  expect(text).toBe(`${prefix}probing monitor=192.0.2.1\n`);
});

test("each line of an error's stack has the priority, so that none is a record of its own kind", () => {
  const text = logged((logger) => logger.error({ error: new Error("no") }, "it failed"));
  const lines = text.trimEnd().split("\n");
  expect(lines.length).toBeGreaterThan(2);
  expect(lines.every((line) => line.startsWith("<3>"))).toBe(true);
  expect(text).not.toMatch(/\d\d:\d\d:\d\d\.\d{3}/);
});

test("a line that is no JSON is passed on", () => {
  expect(formatJournalLine("plain\n")).toBe("<6>plain\n");
});

test("a line feed in a message cannot make up a record of another priority", () => {
  const text = logged((logger) => logger.warn({}, "one\n<0>two"));
  expect(text).toBe("<4>one\n<4><0>two\n");
});
