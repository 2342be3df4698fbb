// The days of an export that has a file each: those that are over, in UTC.

import { AppError } from "@truechimer/base";

const NS_PER_DAY = 86_400_000_000_000n;
const MS_PER_DAY = 86_400_000;
/** A hundred years: a slip of the pen. */
const DAYS_MAX = 36_525;

export interface DaysAsked {
  /** Unix nanoseconds. Absent: from the day after the newest that is there. */
  readonly fromNs: bigint | undefined;
  /** Excluded. Absent: until today. */
  readonly toNs: bigint | undefined;
  readonly nowNs: bigint;
  /** As "2026-03-01". */
  readonly newestThere: string | undefined;
}

/** As "2026-03-01", the oldest first; a day that is asked for in part is none. Fails with usage. */
export function daysOf({ fromNs, toNs, nowNs, newestThere }: DaysAsked): readonly string[] {
  const first = fromNs === undefined ? dayAfter(newestThere) : dayNumber(fromNs + NS_PER_DAY - 1n);
  const today = dayNumber(nowNs);
  const end = Math.min(toNs === undefined ? today : dayNumber(toNs), today);
  const count = Math.max(0, end - first);
  if (count > DAYS_MAX)
    throw new AppError("usage", `--from: ${count} days are too many: at most ${DAYS_MAX}`);
  return Array.from({ length: count }, (_, index) => dayText(first + index));
}

/** The end of a day, which is the beginning of the next. */
export function nextDay(day: string): string {
  return dayText(Date.parse(day) / MS_PER_DAY + 1);
}

function dayAfter(day: string | undefined): number {
  if (day !== undefined) return Date.parse(day) / MS_PER_DAY + 1;
  throw new AppError(
    "usage",
    "--from: no day is there to go on after: say from which one on, such as --from 2026-11-01",
  );
}

/** Days since 1970. */
function dayNumber(ns: bigint): number {
  return Number(ns / NS_PER_DAY);
}

function dayText(number: number): string {
  return new Date(number * MS_PER_DAY).toISOString().slice(0, 10);
}
