// Numbers as people read them: a true minus sign, a fixed number of decimals, thin groups.

/** U+2212, as wide as "+" in tabular figures. */
export const MINUS = "\u2212";
/** Keeps a number and its unit on one line. */
export const NO_BREAK_SPACE = "\u00a0";
/** Before a unit that the API's sentences have, and on both sides of the sign before a bound. */
const SPACE_OF_QUANTITY = /(?<=\d) (?=(?:ns|µs|ms|s|min|h|d|ppm|%)(?![\p{L}\d]))| (?=±)|(?<=±) /gu;
const GROUP_SPACE = "\u202f";

/** A sentence of the API, whose lines do not end between a number and its unit. */
export function keepQuantities(sentence: string): string {
  return sentence.replace(SPACE_OF_QUANTITY, NO_BREAK_SPACE);
}

/** A number with `decimals` decimals; a minus sign where it is negative, never a plus. */
export function formatFixed(value: number, decimals: number): string {
  const text = Math.abs(value).toFixed(decimals);
  return value < 0 && Number(text) !== 0 ? MINUS + text : text;
}

/** The same with its sign always shown. A value that rounds to zero keeps the sign that it has. */
export function formatSigned(value: number, decimals: number): string {
  const sign = value < 0 ? MINUS : "+";
  return sign + Math.abs(value).toFixed(decimals);
}

/** An integer in groups of three: 1 234 567. */
export function formatCount(value: number | bigint): string {
  const digits = (value < 0 ? -value : value).toString();
  const grouped = digits.replace(/\B(?=(\d{3})+(?!\d))/g, GROUP_SPACE);
  return value < 0 ? MINUS + grouped : grouped;
}

/** A share from 0 to 1 in percent: "0 %", "0.4 %", "12 %", "100 %". Never "0 %" or "100 %" for what is not quite. */
export function formatShare(share: number): string {
  const percent = share * 100;
  if (percent === 0 || percent === 100) return `${percent}${NO_BREAK_SPACE}%`;
  if (percent < 0.1) return `<0.1${NO_BREAK_SPACE}%`;
  if (percent > 99.9) return `>99.9${NO_BREAK_SPACE}%`;
  const decimals = percent < 10 || percent > 99 ? 1 : 0;
  return `${percent.toFixed(decimals)}${NO_BREAK_SPACE}%`;
}

/** A count with its noun: "1 server", "12 servers". */
export function countOf(count: number, singular: string, plural = `${singular}s`): string {
  return `${formatCount(count)}${NO_BREAK_SPACE}${count === 1 ? singular : plural}`;
}
