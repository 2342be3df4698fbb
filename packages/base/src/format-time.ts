// Time differences for people: no more digits than the bound on the error justifies, the bound rounded up, and one unit
// for both.

/** Units from the smallest; a value is shown in the greatest unit in which it is at least 1. */
const UNITS = [
  { name: "ns", ns: 1 },
  { name: "µs", ns: 1e3 },
  { name: "ms", ns: 1e6 },
  { name: "s", ns: 1e9 },
] as const;

type Unit = (typeof UNITS)[number];

const SIGNIFICANT_DIGITS = 3;
const MINUS = "\u2212";

/** `+12.3 µs ± 0.8`. Without a bound three significant digits: `+12.3 µs`. */
export function formatOffset(offsetNs: bigint, boundNs?: bigint): string {
  if (boundNs === undefined) return `${offsetNs > 0n ? "+" : ""}${formatDurationNs(offsetNs)}`;
  const [offset, bound] = [Number(offsetNs), Number(boundNs)];
  const unit = unitFor(Math.max(Math.abs(offset), bound));
  const decimals = boundDecimals(bound / unit.ns, unit);
  const shownBound = roundedUp(bound / unit.ns, decimals).toFixed(decimals);
  return `${signed(offset / unit.ns, decimals)} ${unit.name} ± ${shownBound}`;
}

/** `1.23 ms`: three significant digits, a whole number without a fraction; a negative value with its sign. */
export function formatDurationNs(valueNs: bigint): string {
  const value = Number(valueNs);
  const unit = unitFor(Math.abs(value) * ROUNDS_UP);
  const inUnit = Math.abs(value) / unit.ns;
  return `${value < 0 ? MINUS : ""}${inUnit.toFixed(decimalsOf(inUnit))} ${unit.name}`;
}

/** What has 999.5 of a unit or more would round to 1000 of it, and is shown as 1.00 of the next. */
const ROUNDS_UP = 1000 / 999.5;

function unitFor(magnitudeNs: number): Unit {
  return UNITS.findLast((unit) => magnitudeNs >= unit.ns) ?? UNITS[0];
}

function decimalsOf(magnitude: number): number {
  if (Number.isInteger(magnitude)) return 0;
  // Below 1 only because the unit was rounded up to; shown as 1.00.
  const digitsBeforePoint = magnitude < 1 ? 1 : Math.floor(Math.log10(magnitude)) + 1;
  return Math.max(0, SIGNIFICANT_DIGITS - digitsBeforePoint);
}

/** One digit of the bound counts, two when the first is a 1; never finer than a nanosecond. */
function boundDecimals(bound: number, unit: Unit): number {
  if (bound === 0) return finestDecimals(unit);
  const firstDigitAt = Math.floor(Math.log10(bound));
  const leads = bound / 10 ** firstDigitAt;
  const decimals = leads < 2 ? 1 - firstDigitAt : -firstDigitAt;
  return Math.min(Math.max(0, decimals), finestDecimals(unit));
}

function finestDecimals(unit: Unit): number {
  return Math.round(Math.log10(unit.ns));
}

function roundedUp(value: number, decimals: number): number {
  const scale = 10 ** decimals;
  // The small reduction keeps 0.3 from becoming 0.4 for the sake of its binary form.
  return Math.ceil(value * scale * (1 - 1e-12)) / scale;
}

function signed(value: number, decimals: number): string {
  const text = Math.abs(value).toFixed(decimals);
  if (Number(text) === 0) return text;
  return `${value < 0 ? MINUS : "+"}${text}`;
}
