// From what a person types to the one that is meant. What fits several is refused: nobody shall remove the wrong one.

import { AppError } from "@truechimer/base";
import { closest } from "./config/suggest.ts";

export interface Search<Found> {
  readonly word: string;
  readonly kind: string;
  /** The command that lists them. */
  readonly see: string;
  readonly wordsOf: (found: Found) => readonly string[];
}

/** Fails with not_found, naming the closest name that there is, or with usage where several fit. */
export function theOne<Found extends { readonly id: string }>(
  all: readonly Found[],
  { word, kind, see, wordsOf }: Search<Found>,
): Found {
  const found = word === "" ? [] : all.filter((each) => wordsOf(each).includes(word));
  const [first, second] = found;
  if (first !== undefined && second === undefined) return first;
  if (first !== undefined) {
    throw new AppError(
      "usage",
      `"${word}" is ${found.length} of them: name one by its id (${found.map(({ id }) => id).join(", ")})`,
    );
  }
  const nearest = closest(word, all.flatMap(wordsOf));
  const remedy = nearest === undefined ? `see "${see}"` : `did you mean "${nearest}"?`;
  throw new AppError("not_found", `no ${kind} "${word}" is known: ${remedy}`);
}
