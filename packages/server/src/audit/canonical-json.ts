// JSON in one form alone, so that a hash over it can be made again: keys in the order of their code units, no white space.
// RFC 8785 for strings, booleans, null, whole numbers, lists and objects of them; other numbers do not occur.

import { assert } from "@truechimer/base";
import type { JsonValue } from "@truechimer/database";

export function canonicalJson(value: JsonValue): string {
  if (typeof value === "number") {
    assert(Number.isSafeInteger(value), `${value} has no canonical form here: write it as text`);
  }
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  const fields = value as { readonly [key: string]: JsonValue };
  const written = Object.keys(fields)
    .toSorted((one, other) => (one < other ? -1 : one > other ? 1 : 0))
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(fields[key] ?? null)}`);
  return `{${written.join(",")}}`;
}
