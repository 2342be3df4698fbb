import { systemRandom } from "@truechimer/base";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  createMonitorName,
  MONITOR_DOMAIN_DEFAULT,
  parseMonitorDomain,
  parseMonitorEnvironment,
  parseMonitorName,
} from "./monitor-name.ts";

const DOMAIN = "mon.example.net";

describe("a name is an agent's", () => {
  test.each([
    { text: "zurich-1gw2pjj.prod.mon.example.net", label: "zurich-1gw2pjj", environment: "prod" },
    { text: "ZURICH.Test.mon.example.NET", label: "zurich", environment: "test" },
    { text: "a.devel.mon.example.net", label: "a", environment: "devel" },
    { text: `${"a".repeat(63)}.prod.mon.example.net`, label: "a".repeat(63), environment: "prod" },
  ])("$text", ({ text, ...facts }) => {
    expect(parseMonitorName(text, DOMAIN)).toEqual({
      ok: true,
      value: { name: text.toLowerCase(), ...facts },
    });
  });
});

describe("a name is no agent's", () => {
  test.each([
    { name: "empty", text: "" },
    { name: "the domain alone", text: DOMAIN },
    { name: "four labels", text: "prod.mon.example.net" },
    { name: "six labels", text: "a.b.prod.mon.example.net" },
    { name: "an empty label", text: ".prod.mon.example.net" },
    { name: "another domain", text: "a.prod.mon.example.org" },
    { name: "another domain that ends alike", text: "a.prod.notmon.example.net" },
    { name: "a wildcard", text: "*.prod.mon.example.net" },
    { name: "a hyphen at the start", text: "-a.prod.mon.example.net" },
    { name: "a hyphen at the end", text: "a-.prod.mon.example.net" },
    { name: "an underscore", text: "a_b.prod.mon.example.net" },
    { name: "a blank", text: "a b.prod.mon.example.net" },
    { name: "a dot at the end", text: "a.prod.mon.example.net." },
    { name: "a letter outside of ASCII", text: "zürich.prod.mon.example.net" },
    { name: "a label of 64", text: `${"a".repeat(64)}.prod.mon.example.net` },
    { name: "an environment's other spelling", text: "a.beta.mon.example.net" },
    { name: "an environment that does not exist", text: "a.production.mon.example.net" },
    { name: "a name too long", text: `${"a".repeat(260)}.prod.mon.example.net` },
  ])("$name", ({ text }) => {
    expect(parseMonitorName(text, DOMAIN).ok).toBe(false);
  });
});

test("no text makes a name that is not in lower case, below the domain, of exactly two labels more", () => {
  const part = fc.string({ maxLength: 70 });
  fc.assert(
    fc.property(part, fc.constantFrom("prod", "test", "devel", "x"), (label, environment) => {
      const parsed = parseMonitorName(`${label}.${environment}.${DOMAIN}`, DOMAIN);
      if (!parsed.ok) return;
      expect(parsed.value.name).toMatch(/^[a-z0-9-]{1,63}\.(prod|test|devel)\.mon\.example\.net$/);
    }),
  );
});

describe("a fresh name", () => {
  test.each([
    { hostname: "zurich.example.net", begins: "zurich-" },
    { hostname: "ZÜRICH_1", begins: "z-rich-1-" },
    { hostname: "---", begins: "agent-" },
    { hostname: "", begins: "agent-" },
    { hostname: "日本", begins: "agent-" },
    { hostname: "x".repeat(300), begins: `${"x".repeat(24)}-` },
  ])("of the host $hostname begins with $begins", ({ hostname, begins }) => {
    const { label } = createMonitorName({
      hostname,
      environment: "prod",
      domain: DOMAIN,
      random: systemRandom,
    });
    expect(label.slice(0, begins.length)).toBe(begins);
    expect(label.slice(begins.length)).toMatch(/^[0-9a-hjkmnp-tv-z]{7}$/);
  });

  test("is one whatever the host is called, in every domain that is accepted", () => {
    const longest = `${"d".repeat(63)}.${"d".repeat(63)}.${"d".repeat(63)}.net`;
    fc.assert(
      fc.property(fc.string(), fc.constantFrom(DOMAIN, "a.b", longest), (hostname, domain) => {
        expect(parseMonitorDomain(domain).ok).toBe(true);
        const { name } = createMonitorName({
          hostname,
          environment: "devel",
          domain,
          random: systemRandom,
        });
        expect(parseMonitorName(name, domain).ok).toBe(true);
      }),
    );
  });
});

test("environments have two spellings of old", () => {
  expect(
    ["prod", "test", "devel", "beta", "dev", "BETA", "x"].map(parseMonitorEnvironment),
  ).toEqual(["prod", "test", "devel", "test", "devel", "test", undefined]);
});

describe("a domain for agents", () => {
  test.each([MONITOR_DOMAIN_DEFAULT, "Mon.Example.Net", "a.b"])("%s", (text) => {
    expect(parseMonitorDomain(text)).toEqual({ ok: true, value: text.toLowerCase() });
  });

  test.each(["", "net", "mon..net", ".mon.net", "mon.net.", "mon_.net", "m".repeat(250)])(
    "is not %s",
    (text) => {
      expect(parseMonitorDomain(text).ok).toBe(false);
    },
  );
});
