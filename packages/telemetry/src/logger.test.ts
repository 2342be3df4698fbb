import { AppError } from "@truechimer/base";
import { describe, expect, test } from "vitest";
import { createLogger, type Logger, type LoggerOptions, silentLogger } from "./logger.ts";

interface Captured {
  readonly logger: Logger;
  readonly lines: string[];
}

function capture(options: LoggerOptions = {}, isTTY = false): Captured {
  const lines: string[] = [];
  return {
    lines,
    logger: createLogger({ output: { isTTY, write: (text) => lines.push(text) }, ...options }),
  };
}

function parsed(lines: readonly string[]): Record<string, unknown> {
  return JSON.parse(lines[0] ?? "{}") as Record<string, unknown>;
}

describe("a program gets JSON lines", () => {
  test("with time, level, fields and message", () => {
    const { logger, lines } = capture();
    logger.info({ monitor: "zurich", rows: 12n }, "submission counted");
    expect(parsed(lines)).toEqual({
      level: "info",
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      monitor: "zurich",
      rows: "12",
      message: "submission counted",
    });
  });

  test("below its level nothing is written", () => {
    const { logger, lines } = capture({ level: "warn" });
    logger.info({}, "not this");
    logger.debug({}, "nor this");
    logger.error({}, "but this");
    expect(lines).toHaveLength(1);
  });

  test("a child adds its fields, and is as discreet", () => {
    const { logger, lines } = capture();
    logger.child({ component: "scorer", token: "tcm_abcdefghijk" }).warn({}, "slow");
    expect(parsed(lines)).toMatchObject({ component: "scorer", token: "[redacted]" });
  });

  test("a secret in the message is taken out", () => {
    const { logger, lines } = capture();
    logger.info({}, "open http://127.0.0.1/?key=secretsecret");
    expect(lines[0]).not.toContain("secretsecret");
  });

  test("an error is written with the whole chain of its causes", () => {
    const { logger, lines } = capture();
    const cause = new Error("connection refused");
    logger.error(
      { error: new AppError("database_unreachable", "the database does not answer", { cause }) },
      "call failed",
    );
    expect(parsed(lines)["error"]).toMatchObject({
      name: "AppError",
      code: "database_unreachable",
      message: "the database does not answer",
      causes: [{ name: "Error", message: "connection refused" }],
    });
  });
});

describe("a person gets text", () => {
  test("on a terminal, in colour", () => {
    const { logger, lines } = capture({}, true);
    logger.warn({ port: 123, name: "two words" }, "port is taken");
    expect(lines[0]).toContain("\u001b[33m");
    expect(lines[0]).toContain(
      'port is taken \u001b[2mport=123\u001b[0m \u001b[2mname="two words"',
    );
  });

  test("an error shows its causes below it", () => {
    const { logger, lines } = capture({ format: "pretty" });
    logger.error({ error: new Error("outer", { cause: new TypeError("inner") }) }, "failed");
    expect(lines[0]).toMatch(/ {4}Error: outer\n[\s\S]* {4}caused by TypeError: inner\n/);
  });
});

test("the silent logger writes nothing, nor do its children", () => {
  expect(() => silentLogger.child({}).error({}, "x")).not.toThrow();
});
