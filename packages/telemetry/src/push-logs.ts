// Logs to a collector of OpenTelemetry (OTLP over HTTP, as JSON), from the level up that somebody may set at any time.
// What the collector does not take waits in memory, within a limit; the oldest goes first.

import type { Clock } from "@truechimer/base";
import { copyLogger } from "./copy-logger.ts";
import { createLogger, type Logger, type LogLevel } from "./logger.ts";
import { OtlpRefusal, otlpAttributes, postOtlp } from "./post-otlp.ts";

/** Where to, and as whom. */
export interface LogsPushOptions {
  /** OTLP over HTTP, such as "http://127.0.0.1:4318/v1/logs". */
  readonly endpoint: string;
  /** Of the resource: service.name, service.version and what else tells this process from others. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly clock: Clock;
  /** From here up. Default `info`. */
  readonly level?: LogLevel;
  /** Default 5,000. */
  readonly intervalMs?: number;
  /** Told once when pushing begins to fail, and again after it went well in between. */
  readonly onFailure?: (error: unknown) => void;
}

/** Pushes until it is disposed, which pushes what waits once more. */
export interface LogsPush extends AsyncDisposable {
  /** Writes to `logger` as before, and from the level up to the collector. */
  copyOf(logger: Logger): Logger;
  /** From the next line on. */
  setLevel(level: LogLevel): void;
  readonly level: LogLevel;
}

const INTERVAL_MS = 5_000;
/** A request stays well below what collectors take (4 MiB by default). */
const RECORDS_A_PUSH_MAX = 512;
/** An hour of a busy agent at `info`; some MiB at most. */
const RECORDS_WAITING_MAX = 4_096;
/** Longer texts are cut: a collector drops them whole. */
const TEXT_CHARACTERS_MAX = 8_192;

/** Begins with the first line. */
export function startLogsPush(options: LogsPushOptions): LogsPush {
  const { clock, intervalMs = INTERVAL_MS } = options;
  const waiting: LogRecord[] = [];
  let { level = "info" } = options;
  let failing = false;
  let cancel: (() => void) | undefined;
  let pushing: Promise<void> = Promise.resolve();

  const pushOne = async (): Promise<boolean> => {
    const records = waiting.splice(0, RECORDS_A_PUSH_MAX);
    try {
      await postOtlp({ ...options, body: encodeLogs(records, options.attributes) });
      failing = false;
      return true;
    } catch (error) {
      if (!failing) options.onFailure?.(error);
      failing = true;
      if (!isRefusedForGood(error)) waiting.unshift(...records);
      waiting.splice(0, Math.max(0, waiting.length - RECORDS_WAITING_MAX));
      return false;
    }
  };
  const pushAll = async (): Promise<void> => {
    while (waiting.length > 0 && (await pushOne()));
  };
  const schedule = (): void => {
    cancel ??= clock.setTimer(intervalMs, () => {
      pushing = pushAll().then(() => {
        cancel = undefined;
        if (waiting.length > 0) schedule();
      });
    });
  };
  const take = (line: string): void => {
    waiting.push(recordOf(line, clock));
    if (waiting.length > RECORDS_WAITING_MAX) waiting.shift();
    schedule();
  };
  // Secrets are taken out as on any other way.
  const lines = createLogger({ level: "debug", format: "json", output: { write: take } });
  return {
    copyOf: (logger) => copyLogger(logger, { to: lines, level: () => level }),
    setLevel: (next) => {
      level = next;
    },
    get level() {
      return level;
    },
    [Symbol.asyncDispose]: async () => {
      cancel?.();
      await pushing;
      cancel?.();
      await pushAll();
      cancel?.();
    },
  };
}

/** The same again would be refused again. */
function isRefusedForGood(error: unknown): boolean {
  if (!(error instanceof OtlpRefusal)) return false;
  const { status } = error;
  return status >= 400 && status < 500 && status !== 408 && status !== 429;
}

interface LogRecord {
  readonly atNs: bigint;
  readonly severity: string;
  readonly text: string;
  readonly attributes: Readonly<Record<string, string>>;
}

function recordOf(line: string, clock: Clock): LogRecord {
  const { level, time: _time, message, ...fields } = JSON.parse(line) as Record<string, unknown>;
  return {
    atNs: clock.nowNs(),
    severity: String(level),
    text: cut(String(message)),
    attributes: Object.fromEntries(
      Object.entries(fields).map(([name, value]) => [name, cut(fieldText(value))]),
    ),
  };
}

function fieldText(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

function cut(text: string): string {
  return text.length > TEXT_CHARACTERS_MAX ? `${text.slice(0, TEXT_CHARACTERS_MAX)}…` : text;
}

/** OpenTelemetry's log data model, "Severity Fields". */
const SEVERITY_NUMBERS: Readonly<Record<string, number>> = {
  debug: 5,
  info: 9,
  warn: 13,
  error: 17,
};

/** An ExportLogsServiceRequest of OTLP 1.x in its JSON form. */
function encodeLogs(
  records: readonly LogRecord[],
  attributes: Readonly<Record<string, string>>,
): unknown {
  const logRecords = records.map(({ atNs, severity, text, attributes: own }) => ({
    timeUnixNano: String(atNs),
    severityNumber: SEVERITY_NUMBERS[severity] ?? 0,
    severityText: severity.toUpperCase(),
    body: { stringValue: text },
    attributes: otlpAttributes(own),
  }));
  return {
    resourceLogs: [
      {
        resource: { attributes: otlpAttributes(attributes) },
        scopeLogs: [{ scope: { name: "truechimer" }, logRecords }],
      },
    ],
  };
}
