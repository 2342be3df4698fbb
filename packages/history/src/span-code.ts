// A length of time in 32 bits: sign, unit, and 29 bits of whole units. Exact to the nanosecond below half a second,
// which is where round trips and bounds are; beyond that to the microsecond, millisecond or second.

const MAGNITUDE_MAX = 2 ** 29 - 1;
const UNIT_SHIFT = 29;
const UNIT_NS = [1, 1e3, 1e6, 1e9] as const;
const NEGATIVE = 0x8000_0000;
/** Minus zero is no length of time. */
const NONE = NEGATIVE;

/** `ns` in whole nanoseconds, cut to ±17 years; NaN is kept. */
export function encodeSpan(ns: number): number {
  if (Number.isNaN(ns)) return NONE;
  const size = Math.abs(ns);
  let unit = 0;
  while (unit < 3 && size > MAGNITUDE_MAX * (UNIT_NS[unit] as number)) unit += 1;
  const magnitude = Math.min(MAGNITUDE_MAX, Math.round(size / (UNIT_NS[unit] as number)));
  const code = (unit << UNIT_SHIFT) | magnitude;
  return (ns < 0 && magnitude > 0 ? code | NEGATIVE : code) >>> 0;
}

/** Nanoseconds, or NaN. */
export function decodeSpan(code: number): number {
  if (code === NONE) return Number.NaN;
  const size = (code & MAGNITUDE_MAX) * (UNIT_NS[(code >>> UNIT_SHIFT) & 3] as number);
  return code >= NEGATIVE ? -size : size;
}
