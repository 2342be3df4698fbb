import type { CheckOutcome, SampleReason } from "@truechimer/ntp";
import { describe, expect, test } from "vitest";
import { agreeAgainstUs, judgeClock, overallExitCode } from "./judge-clock.ts";

const LIMIT_NS = 25_000_000n;
const MS = 1_000_000n;

function measured(offsetNs: bigint, boundNs: bigint): CheckOutcome {
  const answer = { rttNs: MS, stratum: 2, leap: 0 };
  return { reason: undefined, noResponse: false, offsetNs, boundNs, ...answer };
}

function failed(reason: SampleReason, noResponse: boolean): CheckOutcome {
  const nothing = { offsetNs: undefined, boundNs: undefined, rttNs: undefined };
  return { reason, noResponse, ...nothing, stratum: 0, leap: 0 };
}

describe("a clock is bad when its offset is wholly beyond the limit, or when it says so itself", () => {
  test.each([
    { name: "right", outcome: measured(3n * MS, MS), verdict: "truechimer", exitCode: 0 },
    { name: "at the limit", outcome: measured(25n * MS, 0n), verdict: "truechimer", exitCode: 0 },
    {
      name: "beyond, but the bound reaches back",
      outcome: measured(26n * MS, MS),
      verdict: "truechimer",
      exitCode: 0,
    },
    { name: "ahead", outcome: measured(27n * MS, MS), verdict: "falseticker", exitCode: 1 },
    { name: "behind", outcome: measured(-27n * MS, MS), verdict: "falseticker", exitCode: 1 },
    { name: "leap 3", outcome: failed("not_synchronised", false), verdict: "unsure", exitCode: 1 },
    { name: "stratum 16", outcome: failed("bad_stratum", false), verdict: "unsure", exitCode: 1 },
    { name: "RATE", outcome: failed("kiss_rate", false), verdict: "unsure", exitCode: 3 },
    { name: "silent", outcome: failed("timeout", true), verdict: "unreachable", exitCode: 3 },
    {
      name: "wrong origin",
      outcome: failed("origin_mismatch", true),
      verdict: "unreachable",
      exitCode: 3,
    },
  ] as const)("$name: $verdict, exit code $exitCode", ({ outcome, verdict, exitCode }) => {
    const judged = judgeClock(outcome, LIMIT_NS);
    expect([judged.verdict, judged.exitCode]).toEqual([verdict, exitCode]);
  });
});

test.each([
  { codes: [], overall: 0 },
  { codes: [0, 0], overall: 0 },
  { codes: [0, 3], overall: 3 },
  { codes: [3, 1, 0], overall: 1 },
] as const)(
  "of $codes comes $overall: a bad clock outweighs a silent one",
  ({ codes, overall }) => {
    expect(overallExitCode(codes)).toBe(overall);
  },
);

describe("when all clocks are off by the same amount, ours is the likelier liar", () => {
  const hour = 3_600_000n * MS;
  test.each([
    { name: "two an hour ahead", offsets: [hour, hour + MS], agree: true },
    { name: "one alone proves nothing", offsets: [hour], agree: false },
    { name: "one ahead and one behind", offsets: [hour, -hour], agree: false },
    { name: "two that are far apart", offsets: [hour, hour + 100n * MS], agree: false },
  ])("$name", ({ offsets, agree }) => {
    const given = offsets.map((offsetNs) => ({ offsetNs, boundNs: MS }));
    expect(agreeAgainstUs(given, LIMIT_NS)).toBe(agree);
  });
});
