import fc from "fast-check";
import { expect, test } from "vitest";
import {
  durationFromNs,
  nsFromDuration,
  nsFromTimestamp,
  timestampFromNs,
} from "./protobuf-time.ts";

const anyNs = fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n });

test("time stamps keep every nanosecond, and count them forwards", () => {
  fc.assert(
    fc.property(anyNs, (atNs) => {
      const timestamp = timestampFromNs(atNs);
      expect(timestamp.nanos).toBeGreaterThanOrEqual(0);
      expect(timestamp.nanos).toBeLessThan(1e9);
      expect(nsFromTimestamp(timestamp)).toBe(atNs);
    }),
  );
});

test("durations keep every nanosecond, seconds and nanoseconds of one sign", () => {
  fc.assert(
    fc.property(anyNs, (lengthNs) => {
      const duration = durationFromNs(lengthNs);
      expect(Math.abs(duration.nanos)).toBeLessThan(1e9);
      expect(Number(duration.seconds) * duration.nanos).toBeGreaterThanOrEqual(0);
      expect(nsFromDuration(duration)).toBe(lengthNs);
    }),
  );
});
