import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  nsFromTimestamptz,
  parseTimestamptz,
  timestamptzFromNs,
  timestamptzFromUnixUs,
  unixUsFromNs,
} from "./timestamptz.ts";

const SECOND = 10n ** 9n;
/** From the year 1 to the end of the year 9999. */
const instants = fc.bigInt({ min: -62_135_596_800n * SECOND, max: 253_402_300_800n * SECOND - 1n });

test("an instant survives to the microsecond, rounded down", () => {
  fc.assert(
    fc.property(instants, (ns) => {
      const lost = ns - nsFromTimestamptz(timestamptzFromNs(ns));
      expect(lost >= 0n && lost < 1_000n).toBe(true);
    }),
  );
});

test("microseconds as a number say the same as the text", () => {
  const untilYear2255 = fc.bigInt({ min: -9_000_000_000n * SECOND, max: 9_000_000_000n * SECOND });
  fc.assert(
    fc.property(fc.array(untilYear2255, { minLength: 1 }), (list) => {
      for (const ns of list) {
        expect(timestamptzFromUnixUs(unixUsFromNs(ns))).toBe(timestamptzFromNs(ns));
      }
    }),
  );
});

test("texts sort as instants do", () => {
  fc.assert(
    fc.property(instants, instants, (one, other) => {
      const [first, second] = [timestamptzFromNs(one), timestamptzFromNs(other)];
      expect(first < second).toBe(nsFromTimestamptz(first) < nsFromTimestamptz(second));
    }),
  );
});

test("what PostgreSQL prints in any zone is the instant that was written", () => {
  const minutes = fc.integer({ min: -15 * 60 + 1, max: 15 * 60 - 1 });
  const recent = fc.bigInt({ min: 0n, max: 4_000_000_000n * SECOND });
  fc.assert(
    fc.property(recent, minutes, (ns, zoneMinutes) => {
      const instant = timestamptzFromNs(ns);
      const wall = timestamptzFromNs(ns + BigInt(zoneMinutes) * 60n * SECOND);
      const size = Math.abs(zoneMinutes);
      const zone = `${zoneMinutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
      expect(parseTimestamptz(`${wall.slice(0, 10)} ${wall.slice(11, 26)}${zone}`)).toBe(instant);
    }),
  );
});

const two = (value: number): string => String(value).padStart(2, "0");
