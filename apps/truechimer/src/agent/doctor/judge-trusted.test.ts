import type { CheckResult } from "@truechimer/ntp";
import { expect, test } from "vitest";
import { trustedFindings } from "./judge-trusted.ts";

const MS = 1_000_000n;

/** By offset in milliseconds, or by the reason that there is none. */
function findings(...results: readonly (number | string)[]) {
  const checks = results.map((each, index) => {
    const outcome =
      typeof each === "string" ? { reason: each } : { offsetNs: BigInt(each) * MS, stratum: 2 };
    return { host: `trusted${index}`, result: { outcome, samples: [] } as unknown as CheckResult };
  });
  return trustedFindings(checks).map(({ what, health, found }) => `${what} ${health}: ${found}`);
}

test("a clock that is good is told with how far it is off", () => {
  expect(findings(3, 2, 1)).toEqual([
    "UDP 123 ok: 3 of 3 trusted servers answered",
    "clock ok: good: it is 2 ms behind, and most of 3 trusted servers agree within 10 ms",
  ]);
  expect(findings(0, 0, 0)[1]).toMatch(/good: it is not off, and/);
});

test("a clock that is off is a problem with its amount and its direction", () => {
  expect(findings(-40, -41, -39)[1]).toMatch(
    /^clock problem: not good enough to judge others: it is 40 ms ahead, by 3 trusted servers: trusted0: offset -40 ms/,
  );
});

test("one trusted server that lies does not make the clock bad; one that is silent is named", () => {
  expect(findings(0, 90_000, 0, 0)[1]).toMatch(/^clock ok/);
  expect(findings(0, "timeout", 0)).toEqual([
    "UDP 123 warning: 2 of 3 trusted servers answered; not trusted1",
    "clock ok: good: it is not off, and most of 3 trusted servers agree within 10 ms",
  ]);
});

test("where nobody answers the way is the problem, and the clock is not judged", () => {
  expect(findings("timeout", "connection_refused")).toEqual([
    "UDP 123 problem: none of 2 trusted servers answered (timeout, connection_refused)",
  ]);
});

test("servers that answer without knowing the time show an open way, and vouch for nothing", () => {
  expect(findings("bad_stratum", "kiss_rate", 0)).toEqual([
    "UDP 123 ok: 3 of 3 trusted servers answered",
    "clock problem: not good enough to judge others: it is not off, by 3 trusted servers: trusted0: bad_stratum; trusted1: kiss_rate",
  ]);
});
