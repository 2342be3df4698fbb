import { describe, expect, test } from "vitest";
import { clientVersionFromUserAgent, isOwnAgent, isZeroOffsetSafe } from "./client-version.ts";

describe("the version is what follows the program's name", () => {
  test.each([
    {
      given: "ntppool-agent/v4.1.5/c06769b (2026-04-28, go1.26)",
      version: "v4.1.5/c06769b (2026-04-28, go1.26)",
    },
    { given: "ntppool-monitor/v3.8.6", version: "v3.8.6" },
    { given: "ntpmon/v3.0.0", version: "v3.0.0" },
    { given: "curl/8.0", version: "curl/8.0" },
    { given: null, version: "" },
    { given: "x".repeat(500), version: "x".repeat(200) },
  ])("$given", ({ given, version }) => {
    expect(clientVersionFromUserAgent(given)).toBe(version);
  });
});

test.each([
  { userAgent: "ntppool-agent/v4.1.5/truechimer-0.1.0 (node v26.10.0)", own: true },
  { userAgent: "truechimer-agent/0.1.0", own: true },
  { userAgent: "ntppool-agent/v4.1.5/c06769b (2026-04-28, go1.26)", own: false },
  { userAgent: "ntppool-agent/v4.1.5 truechimer-", own: false },
  { userAgent: "Go-http-client/1.1", own: false },
  { userAgent: undefined, own: false },
])("$userAgent is an agent of ours: $own", ({ userAgent, own }) => {
  expect(isOwnAgent(userAgent)).toBe(own);
});

describe("an offset of exactly 0 is believed from v3.8.5 on", () => {
  test.each([
    { version: "v3.8.4", safe: false },
    { version: "v3.8.5-rc1", safe: false },
    { version: "v3.8.5", safe: true },
    { version: "v3.8.6-rc1", safe: true },
    { version: "v3.10.0", safe: true },
    { version: "v4.1.5/c06769b (2026, go1.26)", safe: true },
    { version: "dev-snapshot (go1.26)", safe: true },
    { version: "truechimer-agent/0.1.0", safe: true },
    { version: "", safe: false },
    { version: "curl/8.0", safe: false },
  ])("$version: $safe", ({ version, safe }) => {
    expect(isZeroOffsetSafe(version)).toBe(safe);
  });
});
