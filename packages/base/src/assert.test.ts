import { describe, expect, it } from "vitest";
import { assert, unreachable } from "./assert.ts";
import { ok, refused } from "./result.ts";

describe("assert", () => {
  it("says nothing while the condition holds, and what was expected when it does not", () => {
    expect(() => assert(true, "fine")).not.toThrow();
    expect(() => assert(false, "one is two")).toThrow("assertion failed: one is two");
  });
});

describe("unreachable", () => {
  it("names the case that was not handled", () => {
    expect(() => unreachable("sideways" as never)).toThrow(
      "assertion failed: unhandled case sideways",
    );
  });
});

describe("Result", () => {
  it("is a value or an error", () => {
    expect(ok(1)).toEqual({ ok: true, value: 1 });
    expect(refused("too small")).toEqual({ ok: false, error: "too small" });
  });
});
