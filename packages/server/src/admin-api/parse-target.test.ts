import { describe, expect, test } from "vitest";
import { parseTarget } from "./parse-target.ts";

function told(target: string): string {
  const parsed = parseTarget(target);
  if (!parsed.ok) return "refused";
  const { value } = parsed;
  return value.kind === "name"
    ? `name ${value.name} ${value.port}`
    : `${value.address.family} ${value.address.text} ${value.port}`;
}

describe("a target is a name or an address, with an optional port", () => {
  test.each([
    { target: "ntp.example", is: "name ntp.example 123" },
    { target: " NTP.Example. ", is: "name ntp.example 123" },
    { target: "ntp.example:1123", is: "name ntp.example 1123" },
    { target: "localhost", is: "name localhost 123" },
    { target: "192.0.2.1", is: "v4 192.0.2.1 123" },
    { target: "192.0.2.1:1", is: "v4 192.0.2.1 1" },
    { target: "2001:DB8::1", is: "v6 2001:db8::1 123" },
    { target: "[2001:db8::1]", is: "v6 2001:db8::1 123" },
    { target: "[2001:db8::1]:65535", is: "v6 2001:db8::1 65535" },
    { target: "::ffff:192.0.2.1", is: "v4 192.0.2.1 123" },
    { target: "[192.0.2.1]:5", is: "v4 192.0.2.1 5" },
    { target: "", is: "refused" },
    { target: "ntp.example:0", is: "refused" },
    { target: "ntp.example:65536", is: "refused" },
    { target: "ntp.example:ntp", is: "refused" },
    { target: "192.0.2.256", is: "refused" },
    { target: "192.0.2", is: "refused" },
    { target: "-ntp.example", is: "refused" },
    { target: "ntp..example", is: "refused" },
    { target: "http://ntp.example", is: "refused" },
    { target: "ntp.example/24", is: "refused" },
    { target: "fe80::1%eth0", is: "refused" },
    { target: "'; drop table servers; --", is: "refused" },
    { target: `${"a".repeat(64)}.example`, is: "refused" },
    { target: "a.".repeat(150), is: "refused" },
  ])("$target: $is", ({ target, is }) => {
    expect(told(target)).toBe(is);
  });

  test("a refusal shows what was expected", () => {
    const parsed = parseTarget("http://x");
    expect(parsed.ok ? "" : parsed.error).toContain("such as ntp.example");
  });
});
