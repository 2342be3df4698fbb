import { describe, expect, it } from "vitest";
import { AppError } from "./app-error.ts";
import { ERROR_CODES } from "./error-codes.ts";

describe("AppError", () => {
  it("carries its code, and its cause beside its message, not within", () => {
    const cause = new Error("inner");
    const error = new AppError("disk_full", "no room for 5 bytes", { cause, retryAfterMs: 1_000 });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: "AppError",
      code: "disk_full",
      message: "no room for 5 bytes",
      cause,
      retryAfterMs: 1_000,
    });
  });

  it("has no cause when none was given", () => {
    const error = new AppError("internal", "odd");
    expect("cause" in error).toBe(false);
    expect(error.retryAfterMs).toBeUndefined();
  });
});

describe("ERROR_CODES", () => {
  it("are words in snake_case, each once", () => {
    expect(new Set(ERROR_CODES).size).toBe(ERROR_CODES.length);
    for (const code of ERROR_CODES) expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
  });
});
