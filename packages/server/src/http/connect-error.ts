// The one place where a coded error becomes what the wire carries. What has no entry is internal, and its message stays
// here.

import { Code, ConnectError } from "@connectrpc/connect";
import { AppError, type ErrorCode } from "@truechimer/base";
import { sqlStateOf } from "@truechimer/database";
import { FilterRefused, filterHeaders } from "../filter/filter-refused.ts";
import { LimitExceeded, limitHeaders } from "../limits/verdict.ts";

/** Response header with our own code, finer than Connect's (docs/reference/errors.md). */
export const ERROR_CODE_HEADER = "truechimer-error-code";

const CONNECT_CODES: Partial<Record<ErrorCode, Code>> = {
  bad_request: Code.InvalidArgument,
  bad_filter: Code.InvalidArgument,
  bad_address: Code.InvalidArgument,
  name_unresolved: Code.InvalidArgument,
  address_refused: Code.InvalidArgument,
  unsupported_version: Code.InvalidArgument,
  bad_ticket: Code.InvalidArgument,
  bad_result_time: Code.InvalidArgument,
  unauthenticated: Code.Unauthenticated,
  forbidden: Code.PermissionDenied,
  monitor_not_live: Code.PermissionDenied,
  not_found: Code.NotFound,
  conflict: Code.AlreadyExists,
  master_key_missing: Code.FailedPrecondition,
  ticket_expired: Code.FailedPrecondition,
  batch_out_of_order: Code.FailedPrecondition,
  unassigned_server: Code.FailedPrecondition,
  limit_exceeded: Code.ResourceExhausted,
  stopped: Code.Unavailable,
  database_unreachable: Code.Unavailable,
  database_busy: Code.Unavailable,
  disk_full: Code.Unavailable,
  peer_unreachable: Code.Unavailable,
  archive_refused: Code.Unavailable,
};

/**
 * What PostgreSQL says of a text with a NUL character, plain and in JSON, which it cannot hold: whoever sent it is told,
 * whichever field it was. PostgreSQL documentation, appendix A.
 */
const NUL_STATES: ReadonlySet<string> = new Set(["22021", "22P05"]);
const NUL_TEXT = new AppError(
  "bad_request",
  "a text of the request holds a NUL character, which cannot be stored: leave it out",
);

/** For the answer. `internal` tells the caller that the whole error belongs into the log. */
export interface EdgeError {
  readonly answer: ConnectError;
  readonly code: ErrorCode;
  readonly internal: boolean;
}

export function edgeErrorFrom(error: unknown): EdgeError {
  if (error instanceof ConnectError) {
    const internal = error.code === Code.Unknown || error.code === Code.Internal;
    return { answer: error, code: codeOfConnect(error.code), internal };
  }
  if (NUL_STATES.has(sqlStateOf(error) ?? "")) {
    return {
      answer: withHeaders(NUL_TEXT, Code.InvalidArgument),
      code: NUL_TEXT.code,
      internal: false,
    };
  }
  if (error instanceof AppError) {
    const code = CONNECT_CODES[error.code];
    if (code !== undefined) {
      const internal = code === Code.Unavailable;
      return { answer: withHeaders(error, code), code: error.code, internal };
    }
  }
  const hidden = new ConnectError(
    "something failed on the server: its log says what",
    Code.Internal,
    {
      [ERROR_CODE_HEADER]: "internal",
    },
  );
  return { answer: hidden, code: "internal", internal: true };
}

function withHeaders(error: AppError, code: Code): ConnectError {
  // Where the database is, and why it is away, is for the log.
  const message = error.code.startsWith("database_")
    ? "the control plane's database does not answer: try again"
    : error.message;
  return new ConnectError(message, code, {
    [ERROR_CODE_HEADER]: error.code,
    ...(error.retryAfterMs === undefined
      ? {}
      : { "retry-after": String(Math.ceil(error.retryAfterMs / 1_000)) }),
    ...(error instanceof FilterRefused ? filterHeaders(error.problem) : {}),
    ...(error instanceof LimitExceeded ? limitHeaders(error.verdict) : {}),
  });
}

/** Connect's own refusals (a body over the limit, a bad method) carry a code of ours as well. */
function codeOfConnect(code: Code): ErrorCode {
  switch (code) {
    case Code.InvalidArgument:
      return "bad_request";
    case Code.Unauthenticated:
      return "unauthenticated";
    case Code.PermissionDenied:
      return "forbidden";
    case Code.NotFound:
      return "not_found";
    case Code.ResourceExhausted:
      return "limit_exceeded";
    case Code.Canceled:
    case Code.DeadlineExceeded:
    case Code.Unavailable:
      return "stopped";
    default:
      return "internal";
  }
}
