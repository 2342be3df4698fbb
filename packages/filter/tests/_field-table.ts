// The catalogue as the document shows it.

import { FIELDS, type Field, type Subject, writtenName } from "@truechimer/filter";

/** Rows of a Markdown table, one a field, of those that are the subject's own. */
export function fieldRows(subject: Subject): readonly string[] {
  return FIELDS[subject].map((field) => {
    const name = writtenName(field, subject);
    return `| \`${name}\` | ${field.type} | ${field.doc}${wordsOf(field)} | ${field.absent ?? "–"} | \`${name}${field.example}\` |`;
  });
}

/** Long sets are told elsewhere. */
function wordsOf({ words = [] }: Field): string {
  if (words.length === 0) return "";
  return words.length <= 5 ? `: ${words.join(", ")}` : "";
}
