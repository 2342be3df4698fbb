// From a filter to its text: what is read from it again is the same filter.

import { BARE, forbiddenAt, IPV6_LIKE, KEYWORDS, matchAt } from "./characters.ts";
import type { FilterNode, WrittenValue } from "./filter-node.ts";

/** The shortest form: "and" is left out, parentheses stand where one kind of joining holds another. */
export function printFilter(node: FilterNode): string {
  switch (node.kind) {
    case "everything":
      return "";
    case "search":
      return searchText(node.value);
    case "compare":
      return `${node.field}${node.operator}${node.values.map(valueText).join(",")}`;
    case "not":
      return `not ${operandText(node.operand)}`;
    case "and":
    case "or":
      return node.operands.map(operandText).join(node.kind === "and" ? " " : " or ");
  }
}

function operandText(node: FilterNode): string {
  const text = printFilter(node);
  return node.kind === "and" || node.kind === "or" ? `(${text})` : text;
}

/** A value in its bare form, or in quotes where it was written so or could be read as something else. */
export function valueText(value: Pick<WrittenValue, "text" | "quoted">): string {
  return value.quoted || !isBare(value.text) ? quotedText(value.text) : value.text;
}

function searchText(value: WrittenValue): string {
  const { text } = value;
  const misread =
    KEYWORDS.has(text.toLowerCase()) || (/^[A-Za-z][\w.]*:/.test(text) && !IPV6_LIKE.test(text));
  return misread ? quotedText(text) : valueText(value);
}

function isBare(text: string): boolean {
  return matchAt(BARE, text, 0) === text && forbiddenAt(text) < 0;
}

/** A value of which nothing is special: in quotes, whatever is in it. */
export function quotedText(text: string): string {
  return `"${text.replaceAll(/["\\]/g, "\\$&")}"`;
}
