import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  NTP_ERA_NS,
  nsFromNtpUnits,
  ntpEra,
  ntpTimestampDifference,
  ntpTimestampFromUnixNs,
  ntpUnitsFromNs,
  unixNsFromNtpTimestamp,
} from "./ntp-timestamp.ts";

/** Some 500 years around 1970, which are eras -2 to 4. */
const instantNs = fc.bigInt({ min: -8n * 10n ** 18n, max: 2n * 10n ** 19n });
const timestamp = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const halfEraNs = NTP_ERA_NS / 2n;

describe("NTP time stamps", () => {
  it("give back the instant that they were made of, for every pivot within half an era", () => {
    fc.assert(
      fc.property(
        instantNs,
        fc.bigInt({ min: -halfEraNs + 2n, max: halfEraNs - 2n }),
        (atNs, distanceNs) => {
          const back = unixNsFromNtpTimestamp(ntpTimestampFromUnixNs(atNs), atNs + distanceNs);
          expect(back).toBe(atNs);
        },
      ),
    );
  });

  it("mean the instant nearest to the pivot", () => {
    fc.assert(
      fc.property(timestamp, instantNs, (value, pivotNs) => {
        const distanceNs = unixNsFromNtpTimestamp(value, pivotNs) - pivotNs;
        expect(distanceNs >= -halfEraNs - 1n && distanceNs <= halfEraNs + 1n).toBe(true);
      }),
    );
  });

  it("repeat after an era, and are never 0", () => {
    fc.assert(
      fc.property(instantNs, (atNs) => {
        const value = ntpTimestampFromUnixNs(atNs);
        expect(ntpTimestampFromUnixNs(atNs + NTP_ERA_NS)).toBe(value);
        expect(value).not.toBe(0n);
        expect(ntpEra(atNs + NTP_ERA_NS)).toBe(ntpEra(atNs) + 1n);
      }),
    );
  });

  it("differ by what lies between them, also across an era's end", () => {
    fc.assert(
      fc.property(
        timestamp,
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
        (value, units) => {
          const later = BigInt.asUintN(64, value + units);
          expect(ntpTimestampDifference(later, value)).toBe(units);
        },
      ),
    );
  });
});

describe("units of 2^-32 s", () => {
  it("hold every nanosecond", () => {
    fc.assert(
      fc.property(instantNs, (valueNs) => {
        expect(nsFromNtpUnits(ntpUnitsFromNs(valueNs))).toBe(valueNs);
      }),
    );
  });

  it("are the nearest to a number of nanoseconds", () => {
    fc.assert(
      fc.property(instantNs, (valueNs) => {
        const errorScaled = ntpUnitsFromNs(valueNs) * 10n ** 9n - valueNs * 2n ** 32n;
        expect(errorScaled > -(10n ** 9n) / 2n && errorScaled <= 10n ** 9n / 2n).toBe(true);
      }),
    );
  });

  it("keep their order as nanoseconds", () => {
    fc.assert(
      fc.property(timestamp, timestamp, (a, b) => {
        fc.pre(a < b);
        expect(nsFromNtpUnits(a) <= nsFromNtpUnits(b)).toBe(true);
      }),
    );
  });
});
