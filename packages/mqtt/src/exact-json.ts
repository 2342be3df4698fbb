// JSON whose integers are exact. The NTP Pool's messages carry nanoseconds as 64-bit integers; beyond 2^53 JavaScript's
// own parser would round them.

/** A value of JSON with its integers as bigint; other numbers are numbers. */
export type ExactJson =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly ExactJson[]
  | { readonly [key: string]: ExactJson };

/** What the language has and its type declarations do not tell: JSON.parse source text access, JSON.rawJSON. */
interface JsonWithSources {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
  ): unknown;
  rawJSON(text: string): unknown;
}

const exactJson = JSON as unknown as JsonWithSources;
const INTEGER = /^-?\d+$/;
/** Digits of an integer that is still turned into a bigint: a longer one is an attack on whoever computes with it. */
const INTEGER_DIGITS_MAX = 40;

/** Absent: the text is no JSON. */
export function parseExactJson(text: string): ExactJson | undefined {
  try {
    return exactJson.parse(text, (_key, value, { source = "" }) =>
      typeof value === "number" && INTEGER.test(source) && source.length <= INTEGER_DIGITS_MAX
        ? BigInt(source)
        : value,
    ) as ExactJson;
  } catch {
    return undefined;
  }
}

/** Without blanks, members in the order of the object. */
export function exactJsonText(value: ExactJson): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === "bigint" ? exactJson.rawJSON(inner.toString()) : inner,
  );
}

/** The members of an object. Absent: the value is none. */
export function jsonMembers(
  value: ExactJson | undefined,
): { readonly [key: string]: ExactJson } | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as { readonly [key: string]: ExactJson })
    : undefined;
}
