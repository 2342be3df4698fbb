import { describe, expect, test } from "vitest";
import { REDACTED, redactSecrets, redactText } from "./redact-secrets.ts";

describe("a secret does not get into a log line", () => {
  test.each([
    { name: "a field named token", given: { token: "abc" } },
    { name: "a field that ends in token", given: { oidc_token: "abc" } },
    { name: "a camel case field", given: { privateKey: "abc" } },
    { name: "an authorization header", given: { headers: { Authorization: "abc" } } },
    { name: "a cookie", given: { headers: { cookie: "abc" } } },
    { name: "a ticket", given: { servers: [{ ticket: "abc" }] } },
    { name: "our token in a text", given: { note: "sent tcm_abcdefghijkl to it" } },
    { name: "an enrolment token", given: { note: "sent tce_abcdefghijkl to it" } },
    { name: "a session", given: { note: "sent tcs_abcdefghijkl to it" } },
    { name: "a user's session", given: { note: "sent tcu_abcdefghijkl to it" } },
    { name: "a user's link", given: { note: "/welcome#tcl_abcdefghijkl" } },
    { name: "a browser's that signs in at a provider", given: { note: "tcx_abcdefghijkl" } },
    { name: "a bearer value in a text", given: { note: "Authorization: Bearer abc" } },
    { name: "a password in a URL", given: { url: "postgres://user:abc@host/db" } },
    { name: "a one-time key in a URL", given: { url: "http://127.0.0.1/?key=abc&x=1" } },
  ])("$name", ({ given }) => {
    const text = JSON.stringify(redactSecrets(given));
    expect(text).toContain(REDACTED);
    expect(text).not.toContain("abc");
  });

  test("what is no secret stays", () => {
    const fields = { monitor: "zurich", keyVersion: 3, tokens: 4, at: "2026-01-01T00:00:00Z" };
    expect(redactSecrets(fields)).toEqual(fields);
    expect(redactText("10 tokens of key 3")).toBe("10 tokens of key 3");
  });
});

describe("what JSON cannot hold becomes text", () => {
  test("bigints, bytes and dates", () => {
    const fields = { id: 7n, packet: new Uint8Array(48), at: new Date(0) };
    expect(redactSecrets(fields)).toEqual({
      id: "7",
      packet: "[48 bytes]",
      at: "1970-01-01T00:00:00.000Z",
    });
  });

  test("a cycle ends", () => {
    const cycle: Record<string, unknown> = {};
    cycle["self"] = cycle;
    expect(JSON.stringify(redactSecrets(cycle))).toContain("too deep");
  });

  test("a body is cut", () => {
    expect(redactText("x".repeat(10_000))).toMatch(/… \(10000 characters\)$/);
  });
});
