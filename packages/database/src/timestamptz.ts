// Instants as PostgreSQL keeps them: to the microsecond. A JavaScript Date holds milliseconds, so a row's ts that went
// through one no longer finds its own row in `ts <= $1`; and a bare bigint would be taken for an int8. An instant is
// therefore text of one canonical form, in both directions, with a brand: what was read can be written and compared
// unchanged, two of them sort as text, and nothing else fits a timestamptz column.

import { assert, type UnixNs } from "@truechimer/base";

declare const brand: unique symbol;

/** An instant as "2026-03-01T12:00:00.123456Z": UTC, six decimals, years 0001 to 9999. */
export type Timestamptz = string & { readonly [brand]: "timestamptz" };

const NS_PER_US = 1_000n;
const US_PER_MS = 1_000n;
const US_PER_SECOND = 1_000_000n;
const MS_PER_SECOND = 1_000;

/** What PostgreSQL prints with DateStyle ISO: any session time zone, 0 to 6 decimals. */
const PRINTED =
  /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?([+-])(\d\d)(?::(\d\d)(?::(\d\d))?)?$/;

/** The one place where an instant is rounded: down, to the microsecond. */
export function timestamptzFromNs(atNs: UnixNs): Timestamptz {
  return format(floorDivide(atNs, NS_PER_US));
}

/** Unix microseconds of an instant, rounded down as `timestamptzFromNs` does: what two instants are compared by. Exact until 2255. */
export function unixUsFromNs(atNs: UnixNs): number {
  return Number(floorDivide(atNs, NS_PER_US));
}

/** The instant of Unix microseconds that are whole and safe. */
export function timestamptzFromUnixUs(us: number): Timestamptz {
  const seconds = Math.floor(us / 1e6);
  return print(seconds, us - seconds * 1e6);
}

/** Exact: PostgreSQL knows microseconds. */
export function nsFromTimestamptz(instant: Timestamptz): UnixNs {
  const ms = Date.parse(`${instant.slice(0, 19)}Z`);
  const micros = Number(instant.slice(20, 26));
  const sum = ms * 1_000 + micros;
  // Up to the year 2255; and with half as many bigints to be made.
  if (Number.isSafeInteger(sum)) return BigInt(sum) * NS_PER_US;
  return (BigInt(ms) * US_PER_MS + BigInt(micros)) * NS_PER_US;
}

/** The driver's parser for timestamptz. `infinity` and years outside 0001 to 9999 have no place in our tables. */
export function parseTimestamptz(printed: string): Timestamptz {
  if (isPlain(printed)) {
    return `${printed.slice(0, 10)}T${printed.slice(11, 26)}Z` as Timestamptz;
  }
  const parts = PRINTED.exec(printed);
  assert(parts !== null, `timestamptz "${printed}" is not of the form that DateStyle ISO gives`);
  const [
    ,
    year,
    month,
    day,
    hour,
    minute,
    second,
    decimals = "",
    sign,
    zoneHour,
    zoneMinute,
    zoneSecond,
  ] = parts;
  const micros = decimals.padEnd(6, "0");
  if (zoneHour === "00" && zoneMinute === undefined) {
    return `${year}-${month}-${day}T${hour}:${minute}:${second}.${micros}Z` as Timestamptz;
  }
  const wallMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  const zoneSeconds =
    Number(zoneHour) * 3600 + Number(zoneMinute ?? 0) * 60 + Number(zoneSecond ?? 0);
  const utcMs = wallMs - (sign === "-" ? -1 : 1) * zoneSeconds * MS_PER_SECOND;
  return format(BigInt(utcMs) * US_PER_MS + BigInt(micros));
}

/** In UTC, of the years 0001 to 9999, and without zeros at the end that PostgreSQL leaves out: nine of ten. */
function isPlain(printed: string): boolean {
  return (
    printed.length === PLAIN_LENGTH &&
    printed[4] === "-" &&
    printed[19] === "." &&
    printed.endsWith("+00")
  );
}

const PLAIN_LENGTH = "2026-03-01 12:00:00.123456+00".length;

function format(micros: bigint): Timestamptz {
  const seconds = floorDivide(micros, US_PER_SECOND);
  return print(Number(seconds), Number(micros - seconds * US_PER_SECOND));
}

function print(seconds: number, micros: number): Timestamptz {
  const text = seconds === lastSecond.seconds ? lastSecond.text : printSecond(seconds);
  return `${text}.${String(micros).padStart(6, "0")}Z` as Timestamptz;
}

/** Instants that are printed one after the other are mostly of one second. */
let lastSecond = { seconds: Number.NaN, text: "" };

function printSecond(seconds: number): string {
  const date = new Date(seconds * MS_PER_SECOND);
  const year = date.getUTCFullYear();
  assert(year >= 1 && year <= 9999, `instant ${seconds} s is outside the years 0001 to 9999`);
  const text = date.toISOString().slice(0, 19);
  lastSecond = { seconds, text };
  return text;
}

function floorDivide(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor;
  return value % divisor < 0n ? quotient - 1n : quotient;
}
