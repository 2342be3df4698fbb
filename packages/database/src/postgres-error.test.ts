import { AppError } from "@truechimer/base";
import pg from "pg";
import { describe, expect, test } from "vitest";
import {
  appErrorFromPostgres,
  isRetryable,
  isUniqueViolation,
  sqlStateOf,
} from "./postgres-error.ts";

function sqlError(code: string, fields: Partial<pg.DatabaseError> = {}): pg.DatabaseError {
  return Object.assign(new pg.DatabaseError("as PostgreSQL says it", 0, "error"), {
    code,
    ...fields,
  });
}

function systemError(code: string): Error {
  return Object.assign(new Error("as the system says it"), { code });
}

describe("a failure of the world is a coded error with its cause", () => {
  test.each([
    { error: sqlError("53100"), code: "disk_full" },
    { error: sqlError("53300"), code: "database_busy" },
    { error: sqlError("57014"), code: "database_busy" },
    { error: sqlError("55P03"), code: "database_busy" },
    { error: sqlError("40P01"), code: "database_busy" },
    { error: sqlError("57P01"), code: "database_unreachable" },
    { error: sqlError("57P03"), code: "database_unreachable" },
    { error: sqlError("08006"), code: "database_unreachable" },
    { error: sqlError("25006"), code: "database_unreachable" },
    { error: sqlError("28P01"), code: "database_unreachable" },
    { error: systemError("ECONNREFUSED"), code: "database_unreachable" },
    { error: systemError("ENOTFOUND"), code: "database_unreachable" },
    {
      error: new AggregateError([systemError("ECONNREFUSED")], "as Node says it"),
      code: "database_unreachable",
    },
    { error: new Error("Connection terminated unexpectedly"), code: "database_unreachable" },
    {
      error: new Error("timeout exceeded when trying to connect"),
      code: "database_unreachable",
    },
  ])("$error.code $error.message → $code", ({ error, code }) => {
    const coded = appErrorFromPostgres(error, "host:5432/name");
    expect(coded).toMatchObject({ code, cause: error });
    const { message, retryAfterMs } = coded as AppError;
    expect(message.startsWith("database host:5432/name: ")).toBe(code === "database_unreachable");
    expect(retryAfterMs === undefined).toBe(code === "disk_full");
    // The inner message is the cause's, and never repeated in the outer one.
    expect(message).not.toContain(error.message);
  });
});

test("what is the caller's business passes unchanged", () => {
  for (const error of [
    sqlError("23505"),
    sqlError("42601"),
    systemError("EISDIR"),
    new Error("x"),
    "x",
  ]) {
    expect(appErrorFromPostgres(error)).toBe(error);
  }
  const coded = new AppError("internal", "x");
  expect(appErrorFromPostgres(coded)).toBe(coded);
});

test("the SQLSTATE is found through a coded error", () => {
  expect(sqlStateOf(appErrorFromPostgres(sqlError("40P01")))).toBe("40P01");
  expect(sqlStateOf(new Error("x"))).toBeUndefined();
});

test("a transaction is worth another try when it met another, and not otherwise", () => {
  expect(isRetryable(appErrorFromPostgres(sqlError("40001")))).toBe(true);
  expect(isRetryable(sqlError("40P01"))).toBe(true);
  // A row whose day was attached while it was on its way to the default partition.
  expect(isRetryable(sqlError("23514"))).toBe(true);
  expect(isRetryable(sqlError("23514", { constraint: "servers_port_check" }))).toBe(false);
  expect(isRetryable(sqlError("23505"))).toBe(false);
  expect(isRetryable(new Error("x"))).toBe(false);
});

test("a unique violation is told by its constraint", () => {
  const error = sqlError("23505", { constraint: "servers_ip_port_key" });
  expect(isUniqueViolation(error)).toBe(true);
  expect(isUniqueViolation(error, "servers_ip_port_key")).toBe(true);
  expect(isUniqueViolation(error, "servers_pkey")).toBe(false);
  expect(isUniqueViolation(sqlError("23503"))).toBe(false);
});
