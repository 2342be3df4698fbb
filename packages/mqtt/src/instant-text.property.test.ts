import fc from "fast-check";
import { expect, test } from "vitest";
import { instantText, parseInstant, wholeSecondsText } from "./instant-text.ts";

const NS_PER_SECOND = 1_000_000_000n;
/** Years 1 to 9999. */
const instant = fc.bigInt({
  min: -62_135_596_800n * NS_PER_SECOND,
  max: 253_402_300_799n * NS_PER_SECOND,
});

test("an instant is read as it was written, to the nanosecond", () => {
  fc.assert(
    fc.property(instant, (atNs) => {
      expect(parseInstant(instantText(atNs))).toBe(atNs);
    }),
  );
});

test("whole seconds are rounded down, also before 1970", () => {
  expect(wholeSecondsText(1_500_000_000n)).toBe("1970-01-01T00:00:01Z");
  expect(wholeSecondsText(-1n)).toBe("1969-12-31T23:59:59Z");
});

test("what is no instant is none, and nothing throws", () => {
  fc.assert(fc.property(fc.string(), (text) => void parseInstant(text)));
  for (const text of ["", "2026-04-29", "2026-13-01T00:00:00Z", "2026-04-29T07:00:00"]) {
    expect(parseInstant(text)).toBeUndefined();
  }
});
