// A field that there is not: the closest that there is.

import { FIELDS, writtenName } from "./catalogue.ts";
import type { Subject } from "./field.ts";
import type { CompareNode } from "./filter-node.ts";
import type { FilterProblem } from "./filter-problem.ts";

/** Points at the name. */
export function unknownField({ field, at }: CompareNode, subject: Subject): FilterProblem {
  const names = FIELDS[subject].map((one) => writtenName(one, subject));
  const nearest = closestOf(field.toLowerCase(), names);
  return {
    at,
    length: field.length,
    message: `there is no field "${field}" among ${subject}`,
    expected:
      nearest === undefined
        ? `expected one of ${names.slice(0, 8).join(", ")} …; text with a colon belongs in quotes`
        : `did you mean ${nearest}? Text with a colon belongs in quotes`,
  };
}

/** The candidate that needs the fewest changes, if they are few for its length. */
export function closestOf(word: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestChanges = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    const changes = changesBetween(word, candidate, bestChanges);
    if (changes < bestChanges) {
      best = candidate;
      bestChanges = changes;
    }
  }
  return best;
}

/** Levenshtein's distance, given up at `limit`. */
function changesBetween(one: string, other: string, limit: number): number {
  if (Math.abs(one.length - other.length) >= limit) return limit;
  let before = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [row, letter] of Array.from(one).entries()) {
    const here = [row + 1];
    for (const [column, otherLetter] of Array.from(other).entries()) {
      const same = letter === otherLetter ? 0 : 1;
      here.push(
        Math.min(
          (before[column] ?? 0) + same,
          (before[column + 1] ?? 0) + 1,
          (here[column] ?? 0) + 1,
        ),
      );
    }
    before = here;
  }
  return before.at(-1) ?? limit;
}
