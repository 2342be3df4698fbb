import type { JsonValue } from "@truechimer/database";
import { describe, expect, test } from "vitest";
import { POOL_PROBE_POLICY } from "../policy.ts";
import { withMonitorsSetting } from "./probe-settings.ts";

const MINUTE_MS = 60_000;

test("the setting goes before the policy", () => {
  const setting = {
    interval_active: "5m",
    interval_testing: "30m",
    interval_all: "20s",
    batch_size: 25,
  };
  expect(withMonitorsSetting(POOL_PROBE_POLICY, setting)).toMatchObject({
    checkIntervalMs: 5 * MINUTE_MS,
    testingIntervalMs: 30 * MINUTE_MS,
    serverIntervalMs: 20_000,
    batchSize: 25,
    slowIntervalMs: POOL_PROBE_POLICY.slowIntervalMs,
  });
});

describe("a value below its floor, or none at all, leaves the policy's", () => {
  test.each<{ name: string; setting: JsonValue }>([
    { name: "active under 20 s", setting: { interval_active: "19s" } },
    { name: "testing under 60 s", setting: { interval_testing: "59s" } },
    { name: "all under 10 s", setting: { interval_all: "9s" } },
    { name: "batch of 0", setting: { batch_size: 0 } },
    { name: "a number without a unit", setting: { interval_active: 540 } },
    { name: "nonsense", setting: { interval_active: "often", batch_size: 1.5 } },
    { name: "no object", setting: ["9m"] },
    { name: "null", setting: null },
  ])("$name", ({ setting }) => {
    expect(withMonitorsSetting(POOL_PROBE_POLICY, setting)).toEqual(POOL_PROBE_POLICY);
  });
});

test("a batch has an upper limit", () => {
  expect(withMonitorsSetting(POOL_PROBE_POLICY, { batch_size: 100_000 }).batchSize).toBe(500);
});
