// Days of the calendar in UTC, as "2026-03-01": the step of the partitions.

import type { UnixNs } from "@truechimer/base";
import { type Timestamptz, timestamptzFromNs } from "../timestamptz.ts";

/** Such as "2026-03-01"; compares as text. */
export type UtcDay = string;

const DAY_MS = 86_400_000;

/** The day in which an instant lies. */
export function utcDayOf(atNs: UnixNs): UtcDay {
  return timestamptzFromNs(atNs).slice(0, 10);
}

/** `days` later; earlier when negative. */
export function addDays(day: UtcDay, days: number): UtcDay {
  return new Date(Date.parse(day) + days * DAY_MS).toISOString().slice(0, 10);
}

/** Both ends included. Empty when `last` is before `first`. */
export function daysBetween(first: UtcDay, last: UtcDay): readonly UtcDay[] {
  const count = Math.round((Date.parse(last) - Date.parse(first)) / DAY_MS) + 1;
  return Array.from({ length: Math.max(0, count) }, (_, index) => addDays(first, index));
}

/** Midnight UTC, with which the day begins. */
export function startOfDay(day: UtcDay): Timestamptz {
  return `${day}T00:00:00.000000Z` as Timestamptz;
}
