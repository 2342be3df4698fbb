// Time differences for people. No more digits than the bound on the error justifies, the bound rounded up so that the
// printed interval holds all of the true one, and one unit for both.

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
  const offset = Number(offsetNs);
  if (boundNs === undefined) {
    const unit = unitFor(Math.abs(offset));
    return `${signed(offset / unit.ns, decimalsOf(offset / unit.ns))} ${unit.name}`;
  }
  const bound = Number(boundNs);
  const unit = unitFor(Math.max(Math.abs(offset), bound));
  const decimals = boundDecimals(bound / unit.ns, unit);
  const shownBound = roundedUp(bound / unit.ns, decimals);
  return `${signed(offset / unit.ns, decimals)} ${unit.name} ± ${shownBound.toFixed(decimals)}`;
}

/** `1.23 ms`: three significant digits; a negative value with its sign. */
export function formatDurationNs(valueNs: bigint): string {
  const value = Number(valueNs);
  const unit = unitFor(Math.abs(value));
  const decimals = decimalsOf(value / unit.ns);
  const text = Math.abs(value / unit.ns).toFixed(decimals);
  return `${value < 0 ? MINUS : ""}${text} ${unit.name}`;
}

function unitFor(magnitudeNs: number): Unit {
  return UNITS.findLast((unit) => magnitudeNs >= unit.ns) ?? UNITS[0];
}

/** So many that three digits stand; a nanosecond has no parts. */
function decimalsOf(value: number): number {
  const magnitude = Math.abs(value);
  if (Number.isInteger(value) && magnitude < 10) return 0;
  const digitsBeforePoint = magnitude < 1 ? 1 : Math.floor(Math.log10(magnitude)) + 1;
  return Math.max(0, SIGNIFICANT_DIGITS - digitsBeforePoint);
}

/** One digit of the bound counts, two when the first is a 1; never finer than a nanosecond. */
function boundDecimals(bound: number, unit: Unit): number {
  if (bound === 0) return Math.min(SIGNIFICANT_DIGITS, finestDecimals(unit));
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
