// Which characters belong to what.

/** A field's name: letters and digits with dots and underscores within. */
export const NAME: RegExp = /[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*/y;

/** Longest first. */
export const OPERATORS = ["!=", "<=", ">=", ":", "=", "<", ">"] as const;

/** What needs no quotes. A colon may stand within a value: addresses and times have them. */
export const BARE: RegExp = /[^\s()",<>=!]+/y;

/** Words of the language itself; as values they need quotes. */
export const KEYWORDS: ReadonlySet<string> = new Set(["and", "or", "not"]);

/** Two colons and nothing but hexadecimal digits, dots and colons: an IPv6 address and no field with a value. */
export const IPV6_LIKE: RegExp = /^(?=.*:.*:)[0-9a-f:.]+$/i;

/** What no text in a database, no terminal and no address of a page should be given. */
const FORBIDDEN = /[\p{Cc}\p{Cs}]/u;

/** Position of the first control character (but tab and line ends, which count as spaces) or half character. -1: none. */
export function forbiddenAt(text: string): number {
  for (let at = 0; at < text.length; ) {
    const point = text.codePointAt(at) ?? 0;
    const character = String.fromCodePoint(point);
    if (FORBIDDEN.test(character) && !/[\t\n\r]/.test(character)) return at;
    at += character.length;
  }
  return -1;
}

/** `pattern` (with the sticky flag) at this place, or nothing. */
export function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}
