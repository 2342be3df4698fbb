// A word without a field: it is looked for within every field of text. What is absent does not have it, and that is sure,
// so `not word` keeps rows of which something else is unknown.

import { ok, type Result, refused } from "@truechimer/base";
import { FIELDS } from "./catalogue.ts";
import { anyOf, type Condition, type Pattern } from "./condition.ts";
import type { Field, Subject } from "./field.ts";
import { FILTER_LIMITS } from "./filter-limits.ts";
import { asciiLower, parsePattern, wildcardsIn } from "./pattern.ts";

/** `text` within a field, or, with wildcards, all of it. */
export function searchCondition(text: string, subject: Subject): Result<Condition, string> {
  if (text === "") return refused("expected a word between the quotes");
  const wildcards = wildcardsIn(text);
  if (wildcards > FILTER_LIMITS.wildcardsMax) {
    return refused(`expected at most ${FILTER_LIMITS.wildcardsMax} of * in one word`);
  }
  const pattern: Pattern = /[*?]/.test(text)
    ? parsePattern(text)
    : [{ kind: "any" }, { kind: "text", text: asciiLower(text) }, { kind: "any" }];
  const operands = FIELDS[subject]
    .filter(({ searched }) => searched === true)
    .map(({ column }: Field): Condition => ({ kind: "like", column, pattern }));
  return ok({ kind: "certain", operand: anyOf(operands) });
}
