// Offsets with their error bounds: sign always shown, unit by magnitude, and as many digits as the bound justifies.

import { formatCount, formatSigned, MINUS, NO_BREAK_SPACE } from "./number.ts";

interface Unit {
  readonly name: string;
  readonly ns: number;
}

const UNITS: readonly [Unit, ...Unit[]] = [
  { name: "ns", ns: 1 },
  { name: "µs", ns: 1e3 },
  { name: "ms", ns: 1e6 },
  { name: "s", ns: 1e9 },
];
/** From here on seconds say nothing to people. */
const DAYS_FROM_NS = 1e5 * 1e9;
const DAY: Unit = { name: "d", ns: 86_400e9 };
/** Digits of a value whose bound is unknown. */
const DIGITS_WITHOUT_BOUND = 3;
/** More than a nanosecond's decimals are not in the data. */
const DECIMALS_MAX = 3;

/** The parts of an offset, so that a table can align each in a column of its own. */
export interface OffsetText {
  /** "+12.3" */
  readonly value: string;
  /** "µs" */
  readonly unit: string;
  /** "0.8", in the same unit; undefined: unknown. */
  readonly bound: string | undefined;
  /** "+12.3 µs ± 0.8" */
  readonly text: string;
  /** Every digit that was measured, and what the sign means: for hovering. */
  readonly exact: string;
}

/** Formats an offset in nanoseconds with its bound. */
export function formatOffset(valueNs: number | bigint, boundNs?: number | bigint): OffsetText {
  const value = Number(valueNs);
  const bound = boundNs === undefined ? undefined : Number(boundNs);
  const { unit, decimals } = unitAndDecimals(value, bound);
  const valueText = valueDigits(value / unit.ns, decimals, unit);
  const boundText = bound === undefined ? undefined : (bound / unit.ns).toFixed(decimals);
  const head = valueText + NO_BREAK_SPACE + unit.name;
  return {
    value: valueText,
    unit: unit.name,
    bound: boundText,
    text: boundText === undefined ? head : `${head}${NO_BREAK_SPACE}±${NO_BREAK_SPACE}${boundText}`,
    exact: exactOffset(valueNs, boundNs),
  };
}

/** A length of time: three significant digits, unit by magnitude, no sign unless negative. */
export function formatSpan(ns: number | bigint): string {
  const value = Number(ns);
  const { unit, decimals } = unitAndDecimals(value, undefined);
  const text = (Math.abs(value) / unit.ns).toFixed(decimals);
  return (value < 0 ? MINUS : "") + text + NO_BREAK_SPACE + unit.name;
}

/** Which way the clock is off, in words: "2.0 s ahead". */
export function aheadOrBehind(valueNs: number | bigint): string {
  const value = Number(valueNs);
  return `${formatSpan(Math.abs(value))} ${value < 0 ? "behind" : "ahead"}`;
}

/** A round value for an axis: "+25 ms", "0", "−1 s". Never more digits than needed. */
export function formatTick(valueNs: number): string {
  if (valueNs === 0) return "0";
  const size = Math.abs(valueNs);
  const unit = unitFor(size * (1 + 1e-9));
  const text = Number((size / unit.ns).toPrecision(6)).toString();
  return (valueNs < 0 ? MINUS : "+") + text + NO_BREAK_SPACE + unit.name;
}

/** One digit more where all would be lost, as in +0.4 ms ± 5; a value that is then still zero has no sign. */
function valueDigits(value: number, decimals: number, unit: Unit): string {
  const vanishes = Number(value.toFixed(decimals)) === 0;
  const shown = vanishes && value !== 0 && unit.ns > 1 ? decimals + 1 : decimals;
  return Number(value.toFixed(shown)) === 0 ? (0).toFixed(decimals) : formatSigned(value, shown);
}

function unitAndDecimals(
  value: number,
  bound: number | undefined,
): { readonly unit: Unit; readonly decimals: number } {
  const size = Math.max(Math.abs(value), bound ?? 0);
  const unit = unitFor(size);
  const decimals = decimalsFor(size, bound, unit);
  const rounded = Number((size / unit.ns).toFixed(decimals)) * unit.ns;
  const carried = unitFor(rounded);
  return carried === unit
    ? { unit, decimals }
    : { unit: carried, decimals: decimalsFor(rounded, bound, carried) };
}

function unitFor(sizeNs: number): Unit {
  if (sizeNs >= DAYS_FROM_NS) return DAY;
  return UNITS.findLast((unit) => sizeNs >= unit.ns) ?? UNITS[0];
}

/**
 * Decimals that the bound justifies: its first digit decides, and a first digit of 1 or 2 shows one more, because
 * rounding it would be coarse.
 */
function decimalsFor(sizeNs: number, bound: number | undefined, unit: Unit): number {
  const most =
    unit.ns === 1 ? 0 : DECIMALS_MAX * (UNITS.indexOf(unit) < 0 ? 1 : UNITS.indexOf(unit));
  const justified =
    bound === undefined || bound <= 0
      ? DIGITS_WITHOUT_BOUND - 1 - magnitude(sizeNs / unit.ns)
      : decimalsOfBound(bound / unit.ns);
  return Math.min(most, Math.max(0, justified));
}

function decimalsOfBound(bound: number): number {
  const power = magnitude(bound);
  const leading = bound / 10 ** power;
  return leading < 2.95 ? 1 - power : -power;
}

function magnitude(value: number): number {
  return value === 0 ? 0 : Math.floor(Math.log10(value) + 1e-12);
}

function exactOffset(valueNs: number | bigint, boundNs: number | bigint | undefined): string {
  const value = typeof valueNs === "bigint" ? valueNs : BigInt(Math.round(valueNs));
  const count = `${value < 0n ? "" : "+"}${formatCount(value)}${NO_BREAK_SPACE}ns`;
  const bound =
    boundNs === undefined
      ? ", error bound unknown"
      : ` ± ${formatCount(typeof boundNs === "bigint" ? boundNs : Math.round(boundNs))}${NO_BREAK_SPACE}ns`;
  const meaning =
    value === 0n ? "" : `: the server's clock is ${value > 0n ? "ahead of" : "behind"} ours`;
  return count + bound + meaning;
}
