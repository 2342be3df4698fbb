import { Code, ConnectError } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { isPassing, problemOf, wasAnswered } from "./problem.ts";

test("the server's own code wins over Connect's", () => {
  const error = new ConnectError("no such name", Code.InvalidArgument, {
    "truechimer-error-code": "name_unresolved",
  });
  expect(problemOf(error)).toMatchObject({ code: "name_unresolved", message: "no such name" });
  expect(problemOf(error).remedy).toContain("spelling");
});

test("without one, Connect's is translated", () => {
  expect(problemOf(new ConnectError("x", Code.NotFound)).code).toBe("not_found");
  expect(problemOf(new Error("boom"))).toMatchObject({ code: "internal", message: "boom" });
});

test("a refusal is an answer, silence is none", () => {
  expect(wasAnswered(new ConnectError("x", Code.Unauthenticated))).toBe(true);
  expect(wasAnswered(new ConnectError("x", Code.Unavailable))).toBe(false);
  expect(isPassing(new ConnectError("x", Code.Unavailable))).toBe(true);
  expect(isPassing(new ConnectError("x", Code.NotFound))).toBe(false);
});
