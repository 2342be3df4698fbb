// Values behind an operator, each by its field's type.

import { ok, type Result, refused } from "@truechimer/base";

/** What was expected; what was found is told by the caller. */
export type ValueResult<Value> = Result<Value, string>;

const UNIT_NS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
  d: 86_400_000_000_000n,
};

/** As a keyboard writes them, the likeliest first. */
export const UNITS: readonly (readonly [unit: string, name: string])[] = [
  ["ms", "milliseconds"],
  ["us", "microseconds"],
  ["s", "seconds"],
  ["ns", "nanoseconds"],
  ["m", "minutes"],
  ["h", "hours"],
  ["d", "days"],
];

const NS_MAX = 2n ** 63n - 1n;
const DURATION = "expected a number with its unit (ns, us, ms, s, m, h, d), such as 5ms or 1h30m";

/** Nanoseconds, exact; sums such as 1h30m. */
export function parseNs(text: string, signed: boolean): ValueResult<bigint> {
  const [, sign = "", body = ""] = /^([-+−]?)(.*)$/su.exec(text) ?? [];
  const negative = sign === "-" || sign === "−";
  if (negative && !signed) return refused("expected 0 or more: it has no sign");
  if (/^\d+(?:\.\d+)?$/.test(body)) {
    return refused(`expected a unit behind the number: ${body}ms, ${body}us, ${body}s`);
  }
  if (!/^(?:\d{1,19}(?:\.\d{1,19})?(?:ns|us|µs|μs|ms|s|m|h|d))+$/u.test(body))
    return refused(DURATION);
  let totalNs = 0n;
  for (const [, whole = "", fraction = "", unit = ""] of body.matchAll(
    /(\d+)(?:\.(\d+))?([a-zµμ]+)/gu,
  )) {
    const scaled = BigInt(whole + fraction) * (UNIT_NS[unit] ?? 0n);
    const divisor = 10n ** BigInt(fraction.length);
    if (scaled % divisor !== 0n)
      return refused("expected whole nanoseconds: nothing finer is kept");
    totalNs += scaled / divisor;
  }
  if (totalNs > NS_MAX) return refused("expected at most 292 years: nothing longer is kept");
  return ok(negative ? -totalNs : totalNs);
}

/** A finite number. */
export function parseNumber(text: string): ValueResult<number> {
  if (/^[-+−]?\d{1,15}(?:\.\d{1,15})?$/u.test(text)) return ok(Number(text.replace("−", "-")));
  return refused("expected a number, such as 3 or -2.5");
}

/** 5% is 0.05. */
export function parseShare(text: string): ValueResult<number> {
  const match = /^(\d{1,3}(?:\.\d{1,15})?)%$/.exec(text);
  if (match !== null && Number(match[1]) <= 100) return ok(Number(match[1]) / 100);
  return refused("expected 0% to 100%, such as 5%");
}

/** What fits 63 bits. */
export function parseRowId(text: string): ValueResult<bigint> {
  if (/^\d{1,19}$/.test(text) && BigInt(text) <= NS_MAX) return ok(BigInt(text));
  return refused("expected a whole number, such as 4711");
}

const INSTANT =
  "expected a time such as 2026-11-28T14:00Z, a day such as 2026-11-28, now, or now-1h";
const ISO = /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?(Z|[+-]\d\d:\d\d)?)?$/i;

/** Nanoseconds since 1970, whole microseconds. Without an offset it is UTC. */
export function parseInstant(text: string, nowNs: bigint): ValueResult<bigint> {
  const relative = /^now(?:([+-])(.+))?$/i.exec(text);
  if (relative !== null) {
    const length = relative[2] === undefined ? ok(0n) : parseNs(relative[2], false);
    if (!length.ok) return refused(`${length.error}, as in now-1h`);
    return ok(
      wholeMicroseconds(clamped(relative[1] === "+" ? nowNs + length.value : nowNs - length.value)),
    );
  }
  const match = ISO.exec(text);
  if (match === null) return refused(INSTANT);
  const [, day = "", minutes = "00:00", seconds = "00", fraction = "", zone = "Z"] = match;
  const wall = Date.parse(`${day}T${minutes}:${seconds}Z`);
  const ms = Date.parse(`${day}T${minutes}:${seconds}${zone.toUpperCase()}`);
  // Date.parse takes the 31st of February for a day of March.
  if (Number.isNaN(ms) || new Date(wall).toISOString().slice(0, 10) !== day)
    return refused("expected a day and a time that exist");
  if (ms < 0 || ms >= MS_MAX) return refused("expected a time in the years 1970 to 2261");
  return ok(BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(6, "0")) * 1_000n);
}

const MS_MAX = 9_214_646_400_000;

/** What a column can hold; an instant beyond it compares as the nearest one. */
function clamped(ns: bigint): bigint {
  const maxNs = BigInt(MS_MAX) * 1_000_000n;
  return ns < 0n ? 0n : ns > maxNs ? maxNs : ns;
}

/** Instants are kept to the microsecond. */
function wholeMicroseconds(ns: bigint): bigint {
  return ns - (((ns % 1_000n) + 1_000n) % 1_000n);
}

/** An instant a while before now, or after it for a negative length, within what a column can hold. */
export function agoNs(nowNs: bigint, lengthNs: bigint): bigint {
  return wholeMicroseconds(clamped(nowNs - lengthNs));
}
