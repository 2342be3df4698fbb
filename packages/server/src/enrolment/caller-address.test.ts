import { describe, expect, test } from "vitest";
import { createCallerAddress } from "./caller-address.ts";

const unproxied = createCallerAddress([]);
const proxied = createCallerAddress(["10.0.0.0/8", "2001:db8::1"]);

describe("nobody is trusted by default", () => {
  test.each([
    { remote: "192.0.2.1", header: undefined, caller: "192.0.2.1" },
    { remote: "192.0.2.1", header: "198.51.100.7", caller: "192.0.2.1" },
    { remote: "::ffff:192.0.2.1", header: "198.51.100.7", caller: "192.0.2.1" },
    { remote: "fe80::1%eth0", header: undefined, caller: "fe80::1" },
    { remote: undefined, header: "198.51.100.7", caller: undefined },
  ])("$remote with $header is $caller", ({ remote, header, caller }) => {
    expect(unproxied({ remoteAddress: remote, forwardedFor: header })?.text).toBe(caller);
  });
});

describe("a named proxy is believed, and nobody behind it", () => {
  test.each([
    { remote: "192.0.2.1", header: "198.51.100.7", caller: "192.0.2.1" },
    { remote: "10.1.2.3", header: "198.51.100.7", caller: "198.51.100.7" },
    { remote: "10.1.2.3", header: "6.6.6.6, 198.51.100.7", caller: "198.51.100.7" },
    { remote: "10.1.2.3", header: "6.6.6.6, 198.51.100.7, 10.9.9.9", caller: "198.51.100.7" },
    { remote: "2001:db8::1", header: "2001:db8:5::7", caller: "2001:db8:5::7" },
    { remote: "2001:db8::1", header: "[2001:db8:5::7]", caller: "2001:db8:5::7" },
    { remote: "10.1.2.3", header: undefined, caller: "10.1.2.3" },
    { remote: "10.1.2.3", header: "", caller: "10.1.2.3" },
    { remote: "10.1.2.3", header: "unknown", caller: undefined },
    { remote: "10.1.2.3", header: "10.0.0.1, ".repeat(500), caller: "10.1.2.3" },
  ])("$remote with $header is $caller", ({ remote, header, caller }) => {
    expect(proxied({ remoteAddress: remote, forwardedFor: header })?.text).toBe(caller);
  });
});

test.each(["10.0.0.0/33", "10.0.0.0/x", "10.0.0.0/", "2001:db8::/129", "proxy.example", ""])(
  '"%s" is no proxy to trust',
  (text) => {
    expect(() => createCallerAddress([text])).toThrow(/expected an address or a network/);
  },
);
