// Why a text is not a filter: where, what was found there, and what to write instead.

/** A refusal that points at its place. `at` and `length` count UTF-16 units from the start of the text. */
export interface FilterProblem {
  readonly at: number;
  /** At least 1; the place behind the text is the last one that can be pointed at. */
  readonly length: number;
  /** What is wrong there. */
  readonly message: string;
  /** What was expected, and the remedy. */
  readonly expected: string;
}

/** One sentence, with the character's number counted from 1, as editors do. */
export function filterProblemText({ at, message, expected }: FilterProblem): string {
  return `filter, character ${at + 1}: ${message}: ${expected}`;
}

/** The filter with a mark under what is wrong, in two lines for a terminal. */
export function filterPointer(text: string, { at, length }: FilterProblem): string {
  const shown = text.replaceAll(/\s/g, " ");
  return `${shown}\n${" ".repeat(at)}${"^".repeat(length)}`;
}
