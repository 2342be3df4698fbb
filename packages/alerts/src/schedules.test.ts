import { unsafelyDeterministicRandom } from "@truechimer/base";
import { expect, test } from "vitest";
import { digestDueNs } from "./digest-period.ts";
import { isTimeZone, quietUntil } from "./quiet-hours.ts";
import { retryDelayMs, SEND_ATTEMPTS_MAX } from "./retry-delay.ts";

const ns = (text: string): bigint => BigInt(Date.parse(text)) * 1_000_000n;
const text = (at: bigint): string => new Date(Number(at / 1_000_000n)).toISOString().slice(0, 16);

const NIGHT = { fromMinute: 22 * 60, toMinute: 7 * 60, zone: "Europe/Zurich" };

test.each([
  ["2026-01-10T12:00:30Z", "2026-01-10T12:00"],
  ["2026-01-10T21:00:00Z", "2026-01-11T06:00"],
  ["2026-01-10T20:59:59Z", "2026-01-10T20:59"],
  ["2026-01-11T05:59:59Z", "2026-01-11T06:00"],
  ["2026-01-11T06:00:00Z", "2026-01-11T06:00"],
  ["2026-07-10T20:30:00Z", "2026-07-11T05:00"],
])("at %s in Zurich somebody is told at %s", (now, told) => {
  expect(text(quietUntil(NIGHT, ns(now)))).toBe(told);
});

test("without quiet hours everybody is told at once, and equal ends are the whole day", () => {
  expect(quietUntil(undefined, 7n)).toBe(7n);
  const always = { fromMinute: 60, toMinute: 60, zone: "UTC" };
  expect(text(quietUntil(always, ns("2026-01-10T00:30Z")))).toBe("2026-01-10T01:00");
});

test("a time zone has a name that is known", () => {
  expect(["UTC", "Europe/Zurich", "Mars/Olympus"].map(isTimeZone)).toEqual([true, true, false]);
});

test.each([
  ["daily", "2026-11-29T07:59Z", "2026-11-28T08:00"],
  ["daily", "2026-11-29T08:00Z", "2026-11-29T08:00"],
  ["weekly", "2026-11-29T12:00Z", "2026-11-23T08:00"],
  ["weekly", "2026-11-30T08:00Z", "2026-11-30T08:00"],
] as const)("a %s summary at %s was last due at %s", (every, now, due) => {
  expect(text(digestDueNs({ every, minute: 480 }, ns(now)))).toBe(due);
});

test("a message is tried again later and later, and given up at last", () => {
  const random = unsafelyDeterministicRandom(1);
  const delays = Array.from({ length: SEND_ATTEMPTS_MAX - 1 }, (_, index) =>
    retryDelayMs(index + 1, random),
  );
  expect(delays[0]).toBeGreaterThanOrEqual(4_000);
  expect(delays[0]).toBeLessThanOrEqual(6_000);
  expect(Math.max(...delays.map((delay) => delay ?? 0))).toBeLessThanOrEqual(2_160_000);
  const days = delays.reduce<number>((sum, delay) => sum + (delay ?? 0), 0) / 86_400_000;
  expect(days).toBeGreaterThan(1.5);
  expect(days).toBeLessThan(2.5);
  expect(retryDelayMs(SEND_ATTEMPTS_MAX, random)).toBeUndefined();
});
