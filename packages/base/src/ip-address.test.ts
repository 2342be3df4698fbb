import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addressScope, type IpAddress, ipAddressFromBytes, parseIpAddress } from "./ip-address.ts";

function address(text: string): IpAddress {
  const parsed = parseIpAddress(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

describe("parseIpAddress", () => {
  it.each([
    { text: "192.0.2.1", canonical: "192.0.2.1", family: "v4", length: 4 },
    { text: "2001:db8::1", canonical: "2001:db8::1", family: "v6", length: 16 },
    { text: "2001:DB8:0:0:0:0:0:1", canonical: "2001:db8::1", family: "v6", length: 16 },
    { text: "2001:db8:0:1:0:0:0:1", canonical: "2001:db8:0:1::1", family: "v6", length: 16 },
    { text: "::", canonical: "::", family: "v6", length: 16 },
    { text: "::ffff:192.0.2.1", canonical: "192.0.2.1", family: "v4", length: 4 },
    { text: "::ffff:c000:201", canonical: "192.0.2.1", family: "v4", length: 4 },
  ])("$text is $canonical", ({ text, canonical, family, length }) => {
    const parsed = address(text);
    expect([parsed.text, parsed.family, parsed.bytes.length]).toEqual([canonical, family, length]);
  });

  it.each([
    "",
    "192.0.2",
    "192.0.2.256",
    "192.0.2.01",
    "192.0.2.",
    ".192.0.2",
    "192..0.2",
    "192.0.2.1.5",
    "192.0.2.1111",
    "192.0.2.1a",
    "192.0.2.１",
    "0x7f.0.0.1",
    "3221225985",
    "192.0.2.1/24",
    "192.0.2.1:123",
    "[2001:db8::1]",
    "2001:db8::1::",
    "fe80::1%eth0",
    "time.example.org",
    " 192.0.2.1",
  ])('refuses "%s", and says what is expected', (text) => {
    const parsed = parseIpAddress(text);
    expect(parsed.ok).toBe(false);
    if (!parsed.ok) expect(parsed.error).toMatch(/expected/);
  });
});

describe("ipAddressFromBytes", () => {
  it.each([0, 1, 5, 15, 17])("refuses %i bytes", (length) => {
    expect(ipAddressFromBytes(new Uint8Array(length)).ok).toBe(false);
  });

  it("takes an IPv4-mapped address for the IPv4 address that it means", () => {
    const mapped = Uint8Array.from([...new Array<number>(10).fill(0), 255, 255, 192, 0, 2, 1]);
    expect(ipAddressFromBytes(mapped)).toMatchObject({
      ok: true,
      value: { text: "192.0.2.1", family: "v4" },
    });
  });

  it("gives back what the text form was made of, for every address", () => {
    const bytes = fc.oneof(
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
    );
    fc.assert(
      fc.property(bytes, (raw) => {
        const read = ipAddressFromBytes(raw);
        if (!read.ok) throw new Error(read.error);
        expect(parseIpAddress(read.value.text)).toEqual(read);
        expect(address(read.value.text).bytes).toEqual(read.value.bytes);
      }),
    );
  });
});

describe("addressScope", () => {
  it.each([
    { text: "8.8.8.8", scope: "public" },
    { text: "2600::1", scope: "public" },
    { text: "127.0.0.1", scope: "loopback" },
    { text: "127.255.0.9", scope: "loopback" },
    { text: "::1", scope: "loopback" },
    { text: "10.0.0.1", scope: "private" },
    { text: "172.31.0.1", scope: "private" },
    { text: "192.168.1.1", scope: "private" },
    { text: "100.64.0.1", scope: "private" },
    { text: "fd00::1", scope: "private" },
    { text: "169.254.1.1", scope: "link_local" },
    { text: "fe80::1", scope: "link_local" },
    { text: "224.0.1.1", scope: "multicast" },
    { text: "ff02::101", scope: "multicast" },
    { text: "0.0.0.0", scope: "unspecified" },
    { text: "::", scope: "unspecified" },
    { text: "255.255.255.255", scope: "reserved" },
    { text: "240.0.0.1", scope: "reserved" },
    { text: "192.0.2.1", scope: "reserved" },
    { text: "2001:db8::1", scope: "reserved" },
    { text: "::ffff:127.0.0.1", scope: "loopback" },
  ])("$text is $scope", ({ text, scope }) => {
    expect(addressScope(address(text))).toBe(scope);
  });
});
