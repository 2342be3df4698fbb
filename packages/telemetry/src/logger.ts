// Logs: JSON lines for programs, aligned text on a terminal. A secret never gets through, whatever the caller passes:
// every object is cleaned by its key names and every text by the form of our tokens.

import pino from "pino";
import { describeErrorChain } from "./describe-error-chain.ts";
import { formatJournalLine } from "./format-journal-line.ts";
import { formatLogLine } from "./format-log-line.ts";
import { redactSecrets, redactText } from "./redact-secrets.ts";

/** From the most to the least talkative; `silent` writes nothing. */
export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

/** What happened, as fields; then one short sentence that is the same for every such event. */
export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  /** A logger that adds `fields` to every line, such as the name of a component. */
  child(fields: LogFields): Logger;
}

/** Values must survive JSON; a bigint is written as text. An `error` field is written with its chain of causes. */
export type LogFields = Readonly<Record<string, unknown>>;

/** What is written, where to and in which form. */
export interface LoggerOptions {
  /** Default `info`. */
  readonly level?: LogLevel;
  /**
   * `auto`: text when `output` is a terminal, JSON lines otherwise. `journal`: text with a priority and without time, for
   * the journal of systemd. Default `auto`.
   */
  readonly format?: "auto" | "json" | "pretty" | "journal";
  /** Default: the process's standard error, so that standard output stays for answers. */
  readonly output?: LogOutput;
  /** Colour in text. Default: when `output` is a terminal. */
  readonly colour?: boolean;
}

/** The part of a stream that logs need. */
export interface LogOutput {
  readonly isTTY?: boolean | undefined;
  write(text: string): unknown;
}

/** Writes from `level` up. Never throws because of what it is given. */
export function createLogger(options: LoggerOptions = {}): Logger {
  const output = options.output ?? process.stderr;
  const formatted = lineFormat(options, output);
  const destination = { write: (line: string) => output.write(formatted(line)) };
  return adapt(
    pino(
      {
        level: options.level ?? "info",
        base: null,
        timestamp: pino.stdTimeFunctions.isoTime,
        messageKey: "message",
        formatters: {
          level: (label) => ({ level: label }),
          bindings: (bindings) => redactSecrets(bindings) as Record<string, unknown>,
          log: (fields) => redactSecrets(fields) as Record<string, unknown>,
        },
      },
      destination,
    ),
  );
}

function lineFormat(
  options: LoggerOptions,
  { isTTY = false }: LogOutput,
): (line: string) => string {
  const { format = "auto", colour = isTTY } = options;
  if (format === "journal") return formatJournalLine;
  if (format === "json" || (format === "auto" && !isTTY)) return (line) => line;
  return (line) => formatLogLine(line, { colour });
}

/** Writes nothing. */
export const silentLogger: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLogger,
};

function adapt(inner: pino.Logger): Logger {
  const write =
    (level: "debug" | "info" | "warn" | "error") =>
    (fields: LogFields, message: string): void => {
      const { error, ...rest } = fields;
      inner[level](
        error === undefined ? rest : { ...rest, error: describeErrorChain(error) },
        redactText(message),
      );
    };
  return {
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
    child: (fields) => adapt(inner.child(redactSecrets(fields) as pino.Bindings)),
  };
}
