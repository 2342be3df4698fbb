import { parseIpAddress } from "@truechimer/base";
import { describe, expect, test } from "vitest";
import { addressRefusal } from "./address-policy.ts";

function refusal(text: string, privateTargetsAllowed: boolean): string | undefined {
  const address = parseIpAddress(text);
  if (!address.ok) throw new Error(address.error);
  return addressRefusal(address.value, { privateTargetsAllowed });
}

describe("an address", () => {
  test.each(["8.8.8.8", "162.159.200.1", "2606:4700:f1::1"])("%s may always be probed", (text) => {
    expect(refusal(text, false)).toBeUndefined();
    expect(refusal(text, true)).toBeUndefined();
  });

  test.each([
    ["10.1.2.3", "private"],
    ["192.168.0.1", "private"],
    ["172.16.0.1", "private"],
    ["100.64.0.1", "private"],
    ["fd00::1", "private"],
    ["127.0.0.1", "loopback"],
    ["::1", "loopback"],
    ["169.254.169.254", "link-local"],
    ["fe80::1", "link-local"],
    ["192.0.2.1", "reserved"],
    ["2001:db8::1", "reserved"],
  ])("%s is %s: only with leave", (text, scope) => {
    expect(refusal(text, false)).toBe(`${scope} address ${text}`);
    expect(refusal(text, true)).toBeUndefined();
  });

  test.each([
    ["224.0.1.1", "multicast"],
    ["ff02::101", "multicast"],
    ["0.0.0.0", "unspecified"],
    ["::", "unspecified"],
  ])("%s is %s: never", (text, scope) => {
    expect(refusal(text, false)).toBe(`${scope} address ${text}`);
    expect(refusal(text, true)).toBe(`${scope} address ${text}`);
  });

  test("255.255.255.255 reaches everybody: never", () => {
    expect(refusal("255.255.255.255", true)).toBeDefined();
  });

  test("an IPv4-mapped IPv6 address is judged as what it means", () => {
    expect(refusal("::ffff:127.0.0.1", false)).toBe("loopback address 127.0.0.1");
  });
});
