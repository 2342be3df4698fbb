import { expect, test } from "vitest";
import { describeErrorChain } from "./describe-error-chain.ts";

test("something thrown that is no error is still told", () => {
  expect(describeErrorChain("oops")).toEqual({ name: "string", message: "oops" });
});

test("of several attempts at once the first speaks for all", () => {
  const both = new AggregateError([new Error("v6 refused"), new Error("v4 refused")], "all failed");
  expect(describeErrorChain(both).causes?.[0]?.message).toBe("v6 refused");
});

test("a chain that bites its tail ends", () => {
  const error = new Error("loop");
  error.cause = error;
  expect(describeErrorChain(error).causes).toHaveLength(8);
});

test("a system's code is kept", () => {
  const error = Object.assign(new Error("listen"), { code: "EADDRINUSE" });
  expect(describeErrorChain(error).code).toBe("EADDRINUSE");
});
