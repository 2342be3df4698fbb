// Instants in certificates: whole seconds, UTC, in one of two forms by the year. RFC 5280, section 4.1.2.5.

import { assert, type UnixNs } from "@truechimer/base";
import type { DerValue } from "./der-reader.ts";
import { DER_TAG } from "./der-tag.ts";
import { encodeText } from "./der-writer.ts";
import { malformed } from "./malformed.ts";

const SECOND_NS = 1_000_000_000n;
const DAY_SECONDS = 86_400n;
/** Two digits of a year mean 1950 to 2049; from 2050 on all four are written. */
const FIRST_FULL_YEAR = 2050;
const FIRST_YEAR = 1950;
/** 9999-12-31 23:59:59, the end of what can be written: "no well-defined end". */
const LAST_NS = 253_402_300_799n * SECOND_NS;

interface CivilTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly secondOfDay: bigint;
}

/** Rounded down to the second. From 1950 to 9999. */
export function encodeTime(atNs: UnixNs): Uint8Array {
  const civil = civilFromNs(atNs);
  assert(
    civil.year >= FIRST_YEAR && atNs <= LAST_NS,
    `no certificate holds the year ${civil.year}`,
  );
  const year = String(civil.year);
  const rest = `${two(civil.month)}${two(civil.day)}${clockText(civil.secondOfDay)}Z`;
  return civil.year < FIRST_FULL_YEAR
    ? encodeText(DER_TAG.utcTime, year.slice(2) + rest)
    : encodeText(DER_TAG.generalizedTime, year + rest);
}

/** Nothing but the forms that the RFC asks for: seconds, no fraction, "Z", and the short form before 2050. */
export function readTime(value: DerValue, what: string): UnixNs {
  const text = String.fromCharCode(...value.contents.subarray(0, 16));
  const short = value.tag === DER_TAG.utcTime;
  const form = short ? /^(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/ : FULL_FORM;
  const match = form.exec(text);
  if (match === null || value.contents.length !== text.length) {
    return malformed(`${what} is not written as ${short ? "YYMMDDHHMMSSZ" : "YYYYMMDDHHMMSSZ"}`);
  }
  const [written = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1)
    .map(Number);
  const year = short ? written + (written < 50 ? 2000 : 1900) : written;
  if (!short && year < FIRST_FULL_YEAR)
    malformed(`${what} is before 2050 and not in the short form`);
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) {
    malformed(`${what} has no such day: ${text}`);
  }
  if (hour > 23 || minute > 59 || second > 59) malformed(`${what} has no such time: ${text}`);
  const days = BigInt(daysFromCivil(year, month, day));
  return (days * DAY_SECONDS + BigInt(hour * 3_600 + minute * 60 + second)) * SECOND_NS;
}

const FULL_FORM = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/;

function civilFromNs(atNs: UnixNs): CivilTime {
  const seconds = floorDivide(atNs, SECOND_NS);
  const days = floorDivide(seconds, DAY_SECONDS);
  return { ...civilFromDays(Number(days)), secondOfDay: seconds - days * DAY_SECONDS };
}

function floorDivide(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value < 0n && quotient * by !== value ? quotient - 1n : quotient;
}

/** 400 years of the Gregorian calendar have this many days; counting from 1 March puts the leap day last. */
const ERA_DAYS = 146_097;
/** From 0000-03-01 to 1970-01-01. */
const EPOCH_DAYS = 719_468;

function daysFromCivil(year: number, month: number, day: number): number {
  const marchYear = month <= 2 ? year - 1 : year;
  const era = Math.floor(marchYear / 400);
  const yearOfEra = marchYear - era * 400;
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  const leaps = Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100);
  return era * ERA_DAYS + yearOfEra * 365 + leaps + dayOfYear - EPOCH_DAYS;
}

function civilFromDays(days: number): Omit<CivilTime, "secondOfDay"> {
  const shifted = days + EPOCH_DAYS;
  const era = Math.floor(shifted / ERA_DAYS);
  const dayOfEra = shifted - era * ERA_DAYS;
  const leaps =
    Math.floor(dayOfEra / 1_460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096);
  const yearOfEra = Math.floor((dayOfEra - leaps) / 365);
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1,
  };
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

function clockText(secondOfDay: bigint): string {
  const seconds = Number(secondOfDay);
  return [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60]
    .map(two)
    .join("");
}

function two(number: number): string {
  return String(number).padStart(2, "0");
}
