// A logger that writes to two: everything to the first, and to the second what is wanted there at that moment.

import type { Logger, LogLevel } from "./logger.ts";

/** From the most to the least talkative. */
const ORDER: readonly LogLevel[] = ["debug", "info", "warn", "error", "silent"];

/** What the copy is given: from its level up, which may change at any time. */
export interface CopyLoggerOptions {
  readonly to: Logger;
  readonly level: () => LogLevel;
}

/** Each logger applies its own level, too. */
export function copyLogger(logger: Logger, { to, level }: CopyLoggerOptions): Logger {
  const write =
    (at: "debug" | "info" | "warn" | "error"): Logger["info"] =>
    (fields, message) => {
      logger[at](fields, message);
      if (ORDER.indexOf(at) >= ORDER.indexOf(level())) to[at](fields, message);
    };
  return {
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
    child: (fields) => copyLogger(logger.child(fields), { to: to.child(fields), level }),
  };
}
