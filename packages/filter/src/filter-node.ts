// A filter as it was written: names are not looked up yet, values are texts.

/** How a field is compared. `:` is a pattern for texts and words, and `=` for everything else. */
export type Operator = ":" | "=" | "!=" | "<" | "<=" | ">" | ">=";

/** Where a part stands in the text, in UTF-16 units. */
export interface Span {
  readonly at: number;
  readonly length: number;
}

/** A value behind an operator. In quotes it is never one of the language's own words. */
export interface WrittenValue extends Span {
  readonly text: string;
  readonly quoted: boolean;
}

/** An empty filter, under which everything passes. */
export interface EverythingNode extends Span {
  readonly kind: "everything";
}

/** Two operands at least. */
export interface JoinedNode extends Span {
  readonly kind: "and" | "or";
  readonly operands: readonly FilterNode[];
}

export interface NotNode extends Span {
  readonly kind: "not";
  readonly operand: FilterNode;
}

/** A word without a field: it is looked for in all fields of text. */
export interface SearchNode extends Span {
  readonly kind: "search";
  readonly value: WrittenValue;
}

/** One value at least; several are alternatives. */
export interface CompareNode extends Span {
  readonly kind: "compare";
  readonly field: string;
  readonly operator: Operator;
  readonly values: readonly WrittenValue[];
}

export type FilterNode = EverythingNode | JoinedNode | NotNode | SearchNode | CompareNode;
