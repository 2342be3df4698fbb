import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nsFromNtpShort, ntpShortFromNs } from "./ntp-short.ts";

describe("the short format", () => {
  it.each([
    { short: 0, ns: 0n },
    { short: 1, ns: 15_259n },
    { short: 0x8000, ns: 500_000_000n },
    { short: 0x1_0000, ns: 1_000_000_000n },
    { short: 0xffff_ffff, ns: 65_535_999_984_741n },
  ])("$short is $ns ns", ({ short, ns }) => {
    expect(nsFromNtpShort(short)).toBe(ns);
  });

  it("rounds up, so that a bound stays one", () => {
    expect(ntpShortFromNs(1n)).toBe(1);
    expect(ntpShortFromNs(15_259n)).toBe(2);
  });

  it("stays within its ends", () => {
    expect(ntpShortFromNs(-1n)).toBe(0);
    expect(ntpShortFromNs(0n)).toBe(0);
    expect(ntpShortFromNs(10n ** 18n)).toBe(0xffff_ffff);
  });

  it("is never below what it was made of, and by less than a unit above", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 65_000n * 10n ** 9n }), (valueNs) => {
        const back = nsFromNtpShort(ntpShortFromNs(valueNs));
        expect(back >= valueNs && back - valueNs <= 15_260n).toBe(true);
      }),
    );
  });
});
