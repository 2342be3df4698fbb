// Where an agent's log goes: to standard error, in the form that reads it there.

import { fstatSync } from "node:fs";
import { createLogger, type Logger } from "@truechimer/telemetry";
import type { AgentLogLevel } from "./agent-settings.ts";
import type { Variables } from "./defaults-file.ts";

export interface AgentLoggerOptions {
  readonly level: AgentLogLevel;
  readonly variables: Variables;
}

export function createAgentLogger({ level, variables }: AgentLoggerOptions): Logger {
  return createLogger({ level, format: isJournal(variables) ? "journal" : "auto" });
}

const STANDARD_ERROR = 2;

/**
 * systemd names the stream that leads to its journal by device and inode. A child of the service inherits the variable,
 * but may well write elsewhere, so it is held against what standard error is.
 */
export function isJournal(
  variables: Variables,
  stat: () => { readonly dev: number; readonly ino: number } = () => fstatSync(STANDARD_ERROR),
): boolean {
  const stream = variables["JOURNAL_STREAM"];
  if (stream === undefined || stream === "") return false;
  const { dev, ino } = stat();
  return stream === `${dev}:${ino}`;
}
