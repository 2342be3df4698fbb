import { describe, expect, it } from "vitest";
import { ntpEra, ntpTimestampFromUnixNs, unixNsFromNtpTimestamp } from "./ntp-timestamp.ts";

const NS = 1_000_000_000n;
/** 2036-02-07 06:28:16 UTC. */
const ERA_1_START_NS = 2_085_978_496n * NS;

describe("ntpTimestampFromUnixNs", () => {
  it.each([
    { name: "Unix time begins 2,208,988,800 s after era 0", atNs: 0n, seconds: 2_208_988_800n },
    { name: "era 0 has 2^32 s", atNs: ERA_1_START_NS - NS, seconds: 2n ** 32n - 1n },
    { name: "era 1 begins again at 0", atNs: ERA_1_START_NS + NS, seconds: 1n },
    {
      name: "before 1900 is the end of era -1",
      atNs: -2_208_988_801n * NS,
      seconds: 2n ** 32n - 1n,
    },
  ])("$name", ({ atNs, seconds }) => {
    expect(ntpTimestampFromUnixNs(atNs)).toBe(seconds << 32n);
  });

  it("gives 1 and not 0 at the very start of an era, because 0 means unknown", () => {
    expect(ntpTimestampFromUnixNs(ERA_1_START_NS)).toBe(1n);
    expect(unixNsFromNtpTimestamp(1n, ERA_1_START_NS)).toBe(ERA_1_START_NS);
  });

  it("puts half a second into the fraction", () => {
    expect(ntpTimestampFromUnixNs(NS / 2n) & 0xffff_ffffn).toBe(0x8000_0000n);
  });
});

describe("ntpEra", () => {
  it.each([
    { name: "1899-12-31 23:59:59", atNs: -2_208_988_801n * NS, era: -1n },
    { name: "1970", atNs: 0n, era: 0n },
    { name: "2036-02-07 06:28:15", atNs: ERA_1_START_NS - NS, era: 0n },
    { name: "2036-02-07 06:28:16", atNs: ERA_1_START_NS, era: 1n },
  ])("$name lies in era $era", ({ atNs, era }) => {
    expect(ntpEra(atNs)).toBe(era);
  });
});
