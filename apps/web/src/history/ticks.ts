// Round values for the axes of time charts.

import { formatInstant, type Zone, zoneOffsetMs } from "../format/instant.ts";
import { symlog } from "../scale/symlog.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const TIME_STEPS_MS: readonly number[] = [
  ...[1, 2, 5, 10, 15, 30].map((count) => count * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * MINUTE),
  ...[1, 2, 3, 6, 12].map((count) => count * HOUR),
  ...[1, 2, 7, 14, 28, 56, 182, 364].map((count) => count * DAY),
];

export interface TimeTick {
  readonly atMs: number;
  readonly text: string;
}

/** At most about `count` marks between two instants, on round times of the zone; midnights carry the date. */
export function timeTicks(
  fromMs: number,
  toMs: number,
  count: number,
  zone: Zone,
): readonly TimeTick[] {
  const wanted = (toMs - fromMs) / Math.max(1, count);
  const step = TIME_STEPS_MS.find((candidate) => candidate >= wanted) ?? 364 * DAY;
  const shift = zoneOffsetMs(fromMs, zone);
  const ticks: TimeTick[] = [];
  for (let at = Math.ceil((fromMs + shift) / step) * step - shift; at <= toMs; at += step) {
    ticks.push({ atMs: at, text: timeTickText(at, step, zone) });
  }
  return ticks;
}

function timeTickText(atMs: number, step: number, zone: Zone): string {
  const local = atMs + zoneOffsetMs(atMs, zone);
  if (step >= DAY || local % DAY === 0) return formatInstant(atMs, zone, "date").slice(5);
  return formatInstant(atMs, zone, "time").slice(0, step < MINUTE ? 8 : 5);
}

export interface OffsetTicksQuestion {
  readonly lowNs: number;
  readonly highNs: number;
  /** How much of the scale about 0 is linear. */
  readonly linearNs: number;
  readonly pixels: number;
  /** Least distance of two ticks. */
  readonly gap: number;
}

/** Round offsets that stand apart: linear ones where the scale is linear, powers of ten beyond. */
export function offsetTicks(question: OffsetTicksQuestion): readonly number[] {
  const { lowNs, highNs, linearNs, pixels, gap } = question;
  const low = symlog(lowNs, linearNs);
  const perDecade = pixels / Math.max(symlog(highNs, linearNs) - low, 1e-12);
  const y = (ns: number): number => (symlog(ns, linearNs) - low) * perDecade;
  const innerLow = Math.max(lowNs, -linearNs);
  const innerHigh = Math.min(highNs, linearNs);
  const inner =
    innerHigh > innerLow
      ? linearTicks(innerLow, innerHigh, (y(innerHigh) - y(innerLow)) / (1.6 * gap))
      : [];
  const kept: number[] = [];
  for (const ns of [0, ...inner, ...decadeTicks(linearNs, lowNs, highNs)]) {
    if (ns < lowNs || ns > highNs) continue;
    if (kept.every((other) => Math.abs(y(other) - y(ns)) >= gap)) kept.push(ns);
  }
  return kept.toSorted((one, other) => one - other);
}

/** Tens first, then fives and twos: the earlier ones keep their place. */
function decadeTicks(linearNs: number, lowNs: number, highNs: number): readonly number[] {
  const ticks: number[] = [];
  const top = Math.max(Math.abs(lowNs), Math.abs(highNs));
  const first = 10 ** Math.ceil(Math.log10(linearNs));
  for (const factor of [1, 5, 2]) {
    for (let ns = first * factor; ns <= top; ns *= 10) ticks.push(ns, -ns);
  }
  return ticks;
}

/** Multiples of 1, 2 or 5 times a power of ten; adding 0 makes a negative zero a plain one. */
export function linearTicks(low: number, high: number, count: number): readonly number[] {
  const span = high - low;
  if (!(span > 0)) return [low];
  const raw = span / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= raw) ?? 10);
  const ticks: number[] = [];
  for (let index = Math.ceil(low / step); index * step <= high; index += 1)
    ticks.push(index * step + 0);
  return ticks;
}
