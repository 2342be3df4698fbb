// Days of the calendar in UTC, as "2026-03-01": the step of the partitions.

import type { UnixNs } from "@truechimer/base";
import { type Timestamptz, timestamptzFromNs } from "../timestamptz.ts";

export type UtcDay = string;

const DAY_MS = 86_400_000;

export function utcDayOf(atNs: UnixNs): UtcDay {
  return timestamptzFromNs(atNs).slice(0, 10);
}

export function addDays(day: UtcDay, days: number): UtcDay {
  return new Date(Date.parse(day) + days * DAY_MS).toISOString().slice(0, 10);
}

/** Both ends included. Empty when `last` is before `first`. */
export function daysBetween(first: UtcDay, last: UtcDay): readonly UtcDay[] {
  const count = Math.round((Date.parse(last) - Date.parse(first)) / DAY_MS) + 1;
  return Array.from({ length: Math.max(0, count) }, (_, index) => addDays(first, index));
}

export function startOfDay(day: UtcDay): Timestamptz {
  return `${day}T00:00:00.000000Z` as Timestamptz;
}
