import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RENEWAL_SHARE, renewAfter, renewalPlan } from "./renewal.ts";

const SECOND_NS = 1_000_000_000n;
const HOUR_MS = 3_600_000;
const life = (seconds: bigint): { notBeforeNs: bigint; notAfterNs: bigint } => ({
  notBeforeNs: 0n,
  notAfterNs: seconds * SECOND_NS,
});

describe("a certificate is renewed in the last third of its life", () => {
  test.each([
    { name: "new", at: 0n, due: false, expired: false, nextCheckMs: 401_000 },
    {
      name: "just before the last third",
      at: 400n,
      due: false,
      expired: false,
      nextCheckMs: 1_000,
    },
    { name: "in the last third", at: 401n, due: true, expired: false, nextCheckMs: 200_000 },
    { name: "in its last second", at: 600n, due: true, expired: false, nextCheckMs: 200_000 },
    { name: "after its end", at: 601n, due: true, expired: true, nextCheckMs: 200_000 },
    { name: "before its life", at: -100n, due: false, expired: false, nextCheckMs: 501_000 },
  ])("ten minutes, $name", ({ at, due, expired, nextCheckMs }) => {
    const plan = renewalPlan(life(600n), at * SECOND_NS);
    expect(plan).toEqual({ due, expired, nextCheckMs, renewAfterNs: 400n * SECOND_NS });
  });

  test("a long life is looked at each day, and a due renewal is tried every two hours", () => {
    const year = life(365n * 86_400n);
    expect(renewalPlan(year, 0n).nextCheckMs).toBe(24 * HOUR_MS);
    expect(renewalPlan(year, year.notAfterNs).nextCheckMs).toBe(2 * HOUR_MS);
  });

  test("no life at all makes no busy loop", () => {
    expect(renewalPlan(life(0n), SECOND_NS)).toMatchObject({ due: true, nextCheckMs: 1_000 });
  });
});

test("the share is one third of whatever life there is", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 10n ** 19n }), (lengthNs) => {
      const left = lengthNs - renewAfter({ notBeforeNs: 0n, notAfterNs: lengthNs });
      expect(left).toBe(lengthNs / RENEWAL_SHARE);
    }),
  );
});

test("whoever looks when it is told to finds the certificate due before it ends", () => {
  const seconds = fc.bigInt({ min: 30n, max: 400n * 86_400n });
  fc.assert(
    fc.property(seconds, fc.bigInt({ min: 0n, max: 3_000n }), (length, start) => {
      const certificate = life(length);
      let nowNs = (certificate.notAfterNs * start) / 10_000n;
      for (let looks = 0; looks < 2_000; looks += 1) {
        const plan = renewalPlan(certificate, nowNs);
        expect(plan.nextCheckMs).toBeGreaterThanOrEqual(1_000);
        expect(plan.nextCheckMs).toBeLessThanOrEqual(24 * HOUR_MS);
        if (plan.due) break;
        nowNs += BigInt(plan.nextCheckMs) * 1_000_000n;
      }
      expect(nowNs).toBeGreaterThan(renewAfter(certificate));
      expect(nowNs).toBeLessThanOrEqual(renewAfter(certificate) + 2n * SECOND_NS);
    }),
  );
});
