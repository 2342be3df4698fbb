import { expect, test } from "vitest";
import { copyLogger } from "./copy-logger.ts";
import { createLogger, type Logger, type LogLevel } from "./logger.ts";

function linesOf(level: LogLevel): { readonly logger: Logger; readonly messages: string[] } {
  const messages: string[] = [];
  const write = (line: string): void => void messages.push(JSON.parse(line).message);
  return { messages, logger: createLogger({ level, format: "json", output: { write } }) };
}

test("a copy is written from its level up, whatever the level of the first is, and follows a change", () => {
  const first = linesOf("warn");
  const second = linesOf("debug");
  let level: LogLevel = "info";
  const logger = copyLogger(first.logger, { to: second.logger, level: () => level });
  logger.debug({}, "one");
  logger.info({}, "two");
  const child = logger.child({ part: "x" });
  level = "error";
  child.warn({}, "three");
  child.error({}, "four");
  level = "debug";
  child.debug({}, "five");
  level = "silent";
  child.error({}, "six");
  expect(second.messages).toEqual(["two", "four", "five"]);
  expect(first.messages).toEqual(["three", "four", "six"]);
});
