import type { JsonValue } from "@truechimer/database";
import { describe, expect, test } from "vitest";
import { mergePatch } from "./merge-patch.ts";

// The cases of RFC 7396, appendix A.
describe("a patch gives what RFC 7396 says", () => {
  test.each<{ target: JsonValue; patch: JsonValue; result: JsonValue }>([
    { target: { a: "b" }, patch: { a: "c" }, result: { a: "c" } },
    { target: { a: "b" }, patch: { b: "c" }, result: { a: "b", b: "c" } },
    { target: { a: "b" }, patch: { a: null }, result: {} },
    { target: { a: "b", b: "c" }, patch: { a: null }, result: { b: "c" } },
    { target: { a: ["b"] }, patch: { a: "c" }, result: { a: "c" } },
    { target: { a: "c" }, patch: { a: ["b"] }, result: { a: ["b"] } },
    { target: { a: { b: "c" } }, patch: { a: { b: "d", c: null } }, result: { a: { b: "d" } } },
    { target: { a: [{ b: "c" }] }, patch: { a: [1] }, result: { a: [1] } },
    { target: ["a", "b"], patch: ["c", "d"], result: ["c", "d"] },
    { target: { a: "b" }, patch: ["c"], result: ["c"] },
    { target: { a: "foo" }, patch: null, result: null },
    { target: { a: "foo" }, patch: "bar", result: "bar" },
    { target: { e: null }, patch: { a: 1 }, result: { e: null, a: 1 } },
    { target: [1, 2], patch: { a: "b", c: null }, result: { a: "b" } },
    { target: {}, patch: { a: { bb: { ccc: null } } }, result: { a: { bb: {} } } },
  ])("$target with $patch", ({ target, patch, result }) => {
    expect(mergePatch(target, patch)).toEqual(result);
  });
});

test("a key of the prototype is a key like any other", () => {
  const patched = mergePatch({}, JSON.parse('{"__proto__": {"polluted": true}}') as JsonValue);
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  expect(Object.keys(patched as object)).toEqual(["__proto__"]);
});
