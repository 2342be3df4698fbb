import type { CheckOutcome, SampleReason } from "@truechimer/ntp";
import { describe, expect, test } from "vitest";
import {
  LOCAL_OFFSET_NS_MAX,
  localClockVerdict,
  type TrustedHostCheck,
} from "./local-clock-verdict.ts";

function check(offsetNs: bigint, reason?: SampleReason): TrustedHostCheck {
  const outcome: CheckOutcome = {
    reason,
    noResponse: false,
    offsetNs,
    boundNs: 1n,
    rttNs: 1n,
    stratum: 1,
    leap: 0,
  };
  return { host: "a.example", result: { samples: [], selectedIndex: undefined, outcome } };
}

const GOOD = check(0n);
const BAD = check(LOCAL_OFFSET_NS_MAX + 1n);

describe("the local clock", () => {
  test.each([
    [0, -1],
    [1, 0],
    [2, 0],
    [3, 1],
    [4, 1],
    [5, 2],
    [6, 2],
    [7, 3],
    [8, 3],
    [9, 4],
    [10, 4],
  ])("with %d trusted servers is good while at most %d fail", (hosts, failuresAllowed) => {
    const withFailures = (failures: number): boolean =>
      localClockVerdict(
        Array.from({ length: hosts }, (_, index) => (index < failures ? BAD : GOOD)),
      ).ok;
    for (let failures = 0; failures <= hosts; failures += 1) {
      expect(withFailures(failures)).toBe(failures <= failuresAllowed);
    }
  });

  test("may be off by exactly 10 ms either way, and not by a nanosecond more", () => {
    const ok = (offsetNs: bigint): boolean => localClockVerdict([check(offsetNs)]).ok;
    expect([10_000_000n, -10_000_000n].map(ok)).toEqual([true, true]);
    expect([10_000_001n, -10_000_001n].map(ok)).toEqual([false, false]);
  });

  test("is not vouched for by a server that failed, and the failure is named", () => {
    expect(localClockVerdict([check(0n, "not_synchronised")])).toEqual({
      ok: false,
      failures: ["a.example: not_synchronised"],
    });
    expect(localClockVerdict([check(-12_500_000n)]).failures).toEqual([
      "a.example: offset -12.5 ms is beyond 10 ms",
    ]);
  });
});
