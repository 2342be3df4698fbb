import { describe, expect, test } from "vitest";
import { MONITOR_DOMAIN_DEFAULT, parseEnvironment, parseTlsName } from "./environment.ts";

describe("the environment", () => {
  test.each([
    ["prod", "prod"],
    ["test", "test"],
    ["beta", "test"],
    ["devel", "devel"],
    ["dev", "devel"],
  ] as const)("%s is %s", (text, environment) => {
    expect(parseEnvironment(text)).toEqual({ ok: true, value: environment });
  });

  test.each(["", "production", "PROD", " prod"])("%j is none", (text) => {
    expect(parseEnvironment(text)).toMatchObject({
      ok: false,
      error: expect.stringContaining("expected prod"),
    });
  });
});

describe("a TLS name", () => {
  test("says which environment its agent belongs to, in any case", () => {
    const tlsName = "Zurich-1gw2pjj.devel.mon.truechimer.internal";
    expect(parseTlsName({ tlsName, monitorDomain: MONITOR_DOMAIN_DEFAULT })).toEqual({
      ok: true,
      value: { label: "zurich-1gw2pjj", environment: "devel" },
    });
  });

  test.each([
    "zurich.mon.truechimer.internal",
    "a.b.prod.mon.truechimer.internal",
    ".prod.mon.truechimer.internal",
    "zurich.prod.mon.example",
    "zurich.moon.mon.truechimer.internal",
    "mon.truechimer.internal",
    "",
  ])("%j is none", (tlsName) => {
    expect(parseTlsName({ tlsName, monitorDomain: MONITOR_DOMAIN_DEFAULT }).ok).toBe(false);
  });
});
