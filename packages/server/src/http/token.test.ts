import { systemRandom } from "@truechimer/base";
import { describe, expect, test } from "vitest";
import { bearerToken, createToken, sameBytes, tokenHash } from "./token.ts";

test("a token says what it opens, and no two are alike", () => {
  const token = createToken("tca_", systemRandom);
  expect(token).toMatch(/^tca_[A-Za-z0-9_-]{43}$/);
  expect(createToken("tca_", systemRandom)).not.toBe(token);
  expect(tokenHash(token)).toHaveLength(32);
});

describe("a bearer token is taken from its header", () => {
  test.each([
    { header: "Bearer tca_x", token: "tca_x" },
    { header: "bearer  tca_x ", token: "tca_x" },
    { header: "Basic dXNlcjpwYXNz", token: undefined },
    { header: "Bearer", token: undefined },
    { header: "Bearer a b", token: undefined },
    { header: `Bearer ${"x".repeat(400)}`, token: undefined },
    { header: null, token: undefined },
  ])("$header", ({ header, token }) => {
    expect(bearerToken(header)).toBe(token);
  });
});

test("bytes are the same or not, whatever their length", () => {
  expect(sameBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2))).toBe(true);
  expect(sameBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).toBe(false);
  expect(sameBytes(Uint8Array.of(1, 2), Uint8Array.of(1))).toBe(false);
});
