import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseTarget } from "./parse-target.ts";

describe("a server is named by name or address, with its port or without", () => {
  test.each([
    { text: "time.example.net", host: "time.example.net", port: 123 },
    { text: "time.example.net:1123", host: "time.example.net", port: 1123 },
    { text: "localhost", host: "localhost", port: 123 },
    { text: "192.0.2.1", host: "192.0.2.1", port: 123 },
    { text: "192.0.2.1:65535", host: "192.0.2.1", port: 65_535 },
    { text: "2001:db8::1", host: "2001:db8::1", port: 123 },
    { text: "[2001:db8::1]", host: "2001:db8::1", port: 123 },
    { text: "[2001:db8::1]:1123", host: "2001:db8::1", port: 1123 },
  ])("$text", ({ text, host, port }) => {
    const parsed = parseTarget(text);
    if (!parsed.ok) throw new Error(parsed.error);
    const { value } = parsed;
    const named = typeof value.host === "string" ? value.host : value.host.text;
    expect([named, value.port]).toEqual([host, port]);
  });
});

describe("what cannot be a server is refused", () => {
  test.each([
    "",
    "192.0.2.256",
    "192.0.2",
    "192.0.2.1:0",
    "192.0.2.1:65536",
    "time.example.net:ntp",
    "time..example.net",
    "-time.example.net",
    "time example",
    "[time.example.net]:123",
    "[2001:db8::1",
    "http://time.example.net",
    "time.example.net\n",
    "time.example.net:12\n3",
  ])("%j", (text) => {
    expect(parseTarget(text).ok).toBe(false);
  });
});

test("whatever is typed gets an answer, never a crash", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(parseTarget(text)).toHaveProperty("ok");
    }),
  );
});
