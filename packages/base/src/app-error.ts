// A failure of the world (database down, disk full, peer gone). Expected outcomes are returned values instead, and our
// own mistakes are assertions.

import type { ErrorCode } from "./error-codes.ts";

/** What an error knows beside its code and message. */
export interface AppErrorOptions {
  /** What went wrong below. Logged as a chain, never merged into the message. */
  readonly cause?: unknown;
  /** How long a caller should wait before it tries again. */
  readonly retryAfterMs?: number;
}

/** Message form: lower case; what was wrong, the value, what was expected, the remedy. */
export class AppError extends Error {
  override readonly name: string = "AppError";
  readonly code: ErrorCode;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryAfterMs = options.retryAfterMs;
  }
}
