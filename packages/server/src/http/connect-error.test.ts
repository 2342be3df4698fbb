import { Code, ConnectError } from "@connectrpc/connect";
import { AppError, ERROR_CODES } from "@truechimer/base";
import { describe, expect, test } from "vitest";
import { ERROR_CODE_HEADER, edgeErrorFrom } from "./connect-error.ts";

describe("a coded error keeps its code, its message, and when to come back", () => {
  test.each([
    { code: "not_found", connect: Code.NotFound },
    { code: "unauthenticated", connect: Code.Unauthenticated },
    { code: "monitor_not_live", connect: Code.PermissionDenied },
    { code: "bad_ticket", connect: Code.InvalidArgument },
    { code: "unsupported_version", connect: Code.InvalidArgument },
    { code: "batch_out_of_order", connect: Code.FailedPrecondition },
    { code: "limit_exceeded", connect: Code.ResourceExhausted },
    { code: "database_unreachable", connect: Code.Unavailable },
  ] as const)("$code", ({ code, connect }) => {
    const { answer } = edgeErrorFrom(new AppError(code, "why", { retryAfterMs: 1_200 }));
    expect(answer.code).toBe(connect);
    expect(answer.rawMessage).toBe(
      code === "database_unreachable"
        ? "the control plane's database does not answer: try again"
        : "why",
    );
    expect(answer.metadata.get(ERROR_CODE_HEADER)).toBe(code);
    expect(answer.metadata.get("retry-after")).toBe("2");
  });
});

test("what has no place on the wire is internal, and its message stays here", () => {
  for (const error of [new Error("password is hunter2"), new AppError("internal", "secret"), "x"]) {
    const { answer, internal, code } = edgeErrorFrom(error);
    expect(answer.code).toBe(Code.Internal);
    expect(answer.message).not.toMatch(/hunter2|secret/);
    expect(internal).toBe(true);
    expect(code).toBe("internal");
  }
});

test("Connect's own refusals pass, with a code of ours", () => {
  const error = new ConnectError("message is larger than configured", Code.ResourceExhausted);
  const edge = edgeErrorFrom(error);
  expect(edge.answer).toBe(error);
  expect(edge.code).toBe("limit_exceeded");
  expect(ERROR_CODES).toContain(edge.code);
});

test("a failure of the world is told to the caller and logged", () => {
  expect(edgeErrorFrom(new AppError("database_busy", "busy")).internal).toBe(true);
  expect(edgeErrorFrom(new AppError("not_found", "none")).internal).toBe(false);
});
