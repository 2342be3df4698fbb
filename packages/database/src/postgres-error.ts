// The one place where what PostgreSQL and the network say becomes a coded error. Only failures of the world are
// translated; a broken constraint or a wrong statement is the caller's business and passes unchanged.

import { AppError, type ErrorCode } from "@truechimer/base";
import pg from "pg";

interface Coded {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryAfterMs?: number;
}

const BUSY_RETRY_MS = 100;
const UNREACHABLE_RETRY_MS = 1_000;

const busy = (message: string): Coded => ({
  code: "database_busy",
  message,
  retryAfterMs: BUSY_RETRY_MS,
});
const unreachable = (message: string): Coded => ({
  code: "database_unreachable",
  message,
  retryAfterMs: UNREACHABLE_RETRY_MS,
});

/** By SQLSTATE. PostgreSQL documentation, appendix A. */
const BY_SQLSTATE: Readonly<Record<string, Coded>> = {
  "53100": {
    code: "disk_full",
    message:
      "the database's disk is full: free space where its data directory lies, then try again",
  },
  "53200": busy("the database is out of memory: lower its load or give it more"),
  "53300": busy(
    "the database has no connection left: raise its max_connections or lower the pool size",
  ),
  "40001": busy("the transaction met a concurrent one: try again"),
  "40P01": busy("the transaction was ended to resolve a deadlock: try again"),
  "55P03": busy("a lock was not free within lock_timeout: try again"),
  "57014": busy("the statement was ended by its time limit"),
  "57P01": unreachable("the database is being shut down, or ended this session"),
  "57P02": unreachable("the database crashed and is recovering"),
  "57P03": unreachable("the database is starting up or shutting down and takes no sessions yet"),
  "25006": unreachable("the database is a read-only standby: DATABASE_URL must name the primary"),
  "28P01": unreachable(
    "the database refused the password: check user and password in DATABASE_URL",
  ),
  "28000": unreachable("the database refused the user: check DATABASE_URL and its pg_hba.conf"),
  "3D000": unreachable("the database does not exist: create it, or correct DATABASE_URL"),
};

/** By the system's error code, from connecting and from a connection that broke: what is wrong, and what to do. */
const BY_SYSTEM_CODE: Readonly<Record<string, readonly [problem: string, remedy: string]>> = {
  ECONNREFUSED: ["nothing listens there", "start PostgreSQL there, or correct DATABASE_URL"],
  ENOTFOUND: ["its host name does not resolve", "correct the name in DATABASE_URL"],
  EAI_AGAIN: [
    "its host name does not resolve at the moment",
    "check this host's name service, and the name in DATABASE_URL",
  ],
  ETIMEDOUT: ["it did not answer in time", "check the host in DATABASE_URL, and the firewalls"],
  EHOSTUNREACH: ["its host cannot be reached", "check the network, and the host in DATABASE_URL"],
  ENETUNREACH: ["its network cannot be reached", "check the network, and the host in DATABASE_URL"],
  ECONNRESET: ["the connection was reset", "see PostgreSQL's log; it is tried again"],
  EPIPE: ["the connection was closed", "see PostgreSQL's log; it is tried again"],
  ENOENT: ["its socket does not exist", "start PostgreSQL there, or correct DATABASE_URL"],
  EACCES: ["its socket may not be used by this user", "give this account the right to"],
};

/** What the driver says, in words alone, about connections that ended. */
const DRIVER_TEXT =
  /^(connection terminated|timeout exceeded when trying to connect|client has encountered a connection error|the server does not support ssl|cannot use a pool after)/i;

/** A coded error for a failure of the world; anything else unchanged. `where` names the database, without password. */
export function appErrorFromPostgres(error: unknown, where?: string): unknown {
  if (error instanceof AppError || !(error instanceof Error)) return error;
  const coded = codedFrom(error);
  if (coded === undefined) return error;
  const message =
    coded.code === "database_unreachable" && where !== undefined
      ? `database ${where}: ${coded.message}`
      : coded.message;
  return new AppError(coded.code, message, {
    cause: error,
    ...(coded.retryAfterMs === undefined ? {} : { retryAfterMs: coded.retryAfterMs }),
  });
}

function codedFrom(error: Error): Coded | undefined {
  if (error instanceof pg.DatabaseError) {
    const code = error.code ?? "";
    return (
      BY_SQLSTATE[code] ??
      (code.startsWith("08") ? unreachable(`the connection failed (${code})`) : undefined)
    );
  }
  // An address with several records fails with one error per record.
  const first = error instanceof AggregateError ? (error.errors[0] as unknown) : error;
  const code = systemCode(first);
  const known = code === undefined ? undefined : BY_SYSTEM_CODE[code];
  if (known !== undefined) return unreachable(`${known[0]} (${code}): ${known[1]}`);
  if (DRIVER_TEXT.test(error.message)) return unreachable("the connection ended");
  return undefined;
}

/** SQLSTATE of a PostgreSQL error, also of one that a coded error carries as its cause. */
export function sqlStateOf(error: unknown): string | undefined {
  if (error instanceof pg.DatabaseError) return error.code;
  return error instanceof AppError ? sqlStateOf(error.cause) : undefined;
}

const RETRYABLE: ReadonlySet<string> = new Set(["40001", "40P01"]);
const CHECK_VIOLATION = "23514";

/**
 * True when the same transaction, run again, can succeed: PostgreSQL ended it for a concurrent one. A row that was on its
 * way to the default partition while its day was attached breaks a check that has no name: it too finds its day now.
 */
export function isRetryable(error: unknown): boolean {
  if (error instanceof AppError) return isRetryable(error.cause);
  if (!(error instanceof pg.DatabaseError)) return false;
  const attached = error.code === CHECK_VIOLATION && error.constraint === undefined;
  return attached || RETRYABLE.has(error.code ?? "");
}

/** True for a broken unique constraint or index; with a name, for that one alone. */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  return (
    error instanceof pg.DatabaseError &&
    error.code === "23505" &&
    (constraint === undefined || error.constraint === constraint)
  );
}

function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
