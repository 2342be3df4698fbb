// Hours of the day in which nobody is told.

import type { UnixNs } from "@truechimer/base";

/** A stretch of every day, by the clock of one place. */
export interface QuietHours {
  /** Minutes after midnight, 0 to 1439. Equal to `toMinute`: the whole day. */
  readonly fromMinute: number;
  /** Their end; before the start: on the next day. */
  readonly toMinute: number;
  /** IANA name of the time zone, such as "Europe/Zurich". */
  readonly zone: string;
}

const DAY_MINUTES = 1_440;
const MINUTE_NS = 60_000_000_000n;

/**
 * When somebody may be told: now, or at the end of the quiet hours that it is in. Where a clock is put forward or back in
 * them, the end is an hour off.
 */
export function quietUntil(quiet: QuietHours | undefined, nowNs: UnixNs): UnixNs {
  if (quiet === undefined) return nowNs;
  const minute = minuteOfDay(quiet.zone, nowNs);
  const length = lengthFrom(quiet.fromMinute, quiet.toMinute) || DAY_MINUTES;
  const passed = lengthFrom(quiet.fromMinute, minute);
  if (passed >= length) return nowNs;
  const startOfMinuteNs = nowNs - (nowNs % MINUTE_NS);
  return startOfMinuteNs + BigInt(length - passed) * MINUTE_NS;
}

/** Whether the name is that of a time zone. */
export function isTimeZone(zone: string): boolean {
  try {
    formatterOf(zone);
    return true;
  } catch {
    return false;
  }
}

function lengthFrom(from: number, to: number): number {
  return (to - from + DAY_MINUTES) % DAY_MINUTES;
}

function minuteOfDay(zone: string, nowNs: UnixNs): number {
  const parts = formatterOf(zone).formatToParts(Number(nowNs / 1_000_000n));
  const numberOf = (type: string): number =>
    Number(parts.find((part) => part.type === type)?.value ?? 0);
  return 60 * numberOf("hour") + numberOf("minute");
}

function formatterOf(timeZone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat("en-GB", {
    timeZone,
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
}
