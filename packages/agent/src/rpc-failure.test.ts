import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { rpcFailureFrom } from "./rpc-failure.ts";

function coded(code: string, connectCode: Code, more: Record<string, string> = {}): ConnectError {
  return new ConnectError("text", connectCode, { "truechimer-error-code": code, ...more });
}

describe("a failed call", () => {
  test.each([
    ["a dead server", new ConnectError("x", Code.Unavailable), "peer_unreachable", false],
    ["a deadline", new ConnectError("x", Code.DeadlineExceeded), "deadline_exceeded", false],
    ["a bad token", new ConnectError("x", Code.Unauthenticated), "unauthenticated", false],
    ["a bug", new ConnectError("x", Code.Internal), "internal", false],
    ["a bad request", new ConnectError("x", Code.InvalidArgument), "invalid_argument", true],
    ["no such call", new ConnectError("x", Code.Unimplemented), "unimplemented", true],
    ["a system error", new Error("socket hang up"), "unknown", false],
    ["no error at all", "odd", "unknown", false],
    ["an ended ticket", coded("ticket_expired", Code.FailedPrecondition), "ticket_expired", true],
    ["a bad ticket", coded("bad_ticket", Code.InvalidArgument), "bad_ticket", true],
    [
      "a paused monitor",
      coded("monitor_not_live", Code.PermissionDenied),
      "monitor_not_live",
      false,
    ],
    ["a busy database", coded("database_busy", Code.Unavailable), "database_busy", false],
    ["a limit", coded("limit_exceeded", Code.ResourceExhausted), "limit_exceeded", false],
    ["a code that nobody knows", coded("novelty", Code.Internal), "internal", false],
  ])("%s", (_, error, code, final) => {
    expect(rpcFailureFrom(error)).toMatchObject({ code, final });
  });

  test("without a control plane at the other end names the remedy", () => {
    const error = new ConnectError("connect ECONNREFUSED 192.0.2.1:443", Code.Unavailable);
    expect(rpcFailureFrom(error).message).toBe(
      "the control plane cannot be reached (connect ECONNREFUSED 192.0.2.1:443): check its address, and that it runs",
    );
  });

  test("is never tried with an older version when our code says what it is", () => {
    expect(rpcFailureFrom(new ConnectError("x", Code.Unknown)).versionMayBeTooNew).toBe(true);
    expect(rpcFailureFrom(new ConnectError("x", Code.InvalidArgument)).versionMayBeTooNew).toBe(
      true,
    );
    expect(rpcFailureFrom(new ConnectError("x", Code.Unavailable)).versionMayBeTooNew).toBe(false);
    expect(rpcFailureFrom(coded("bad_ticket", Code.InvalidArgument)).versionMayBeTooNew).toBe(
      false,
    );
  });

  test.each([
    ["5", 5_000],
    ["0.5", 500],
    ["99999999", 600_000],
    ["0", undefined],
    ["-3", undefined],
    ["soon", undefined],
  ])("is tried again after %s s as the peer wishes, within reason", (seconds, expectedMs) => {
    const error = coded("limit_exceeded", Code.ResourceExhausted, { "retry-after": seconds });
    expect(rpcFailureFrom(error).retryAfterMs).toBe(expectedMs);
  });

  test("without a wish has none", () => {
    expect(rpcFailureFrom(new ConnectError("x", Code.Internal)).retryAfterMs).toBeUndefined();
  });
});
