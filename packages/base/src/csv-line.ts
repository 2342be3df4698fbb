// A line of CSV (RFC 4180) that a spreadsheet can open without running anything: a text that begins as a formula does is
// taken for text.

/** What spreadsheets begin a formula with, and the blanks that they pass over before it. */
const FORMULA = /^[=+\-@\t\r\n]/;
/** A plain number is no formula, whatever its sign. */
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;

/** One field: a text that a spreadsheet would run gets an apostrophe before it; quoted where it has to be. */
export function csvField(text: string): string {
  const safe = FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** With its line break. */
export function csvLine(fields: readonly string[]): string {
  return `${fields.map(csvField).join(",")}\r\n`;
}
