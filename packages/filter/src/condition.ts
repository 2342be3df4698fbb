// A filter as data, ready to be evaluated or to become SQL: every field is a column, every value is typed, and each
// instant is fixed. Logic has three values: what is compared with an absent value is neither true nor false.

import type { Column } from "./field.ts";

/** Numbers; lengths of time and instants in nanoseconds (instants of 1970, whole microseconds); rows' numbers. */
export type ConditionValue = string | number | bigint | boolean;

export type Comparison = "eq" | "lt" | "le" | "gt" | "ge";

export type Condition =
  | { readonly kind: "constant"; readonly value: boolean }
  | { readonly kind: "and" | "or"; readonly operands: readonly Condition[] }
  | { readonly kind: "not"; readonly operand: Condition }
  /** Unknown becomes false. */
  | { readonly kind: "certain"; readonly operand: Condition }
  | {
      readonly kind: "compare";
      readonly column: Column;
      readonly comparison: Comparison;
      readonly value: ConditionValue;
    }
  /** The whole text is like the pattern. */
  | { readonly kind: "like"; readonly column: Column; readonly pattern: Pattern }
  /** True or false, never unknown. */
  | { readonly kind: "absent"; readonly column: Column };

/** One character, any one character, or any number of them. The case of the letters A to Z does not matter. */
export type PatternPart =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "one" }
  | { readonly kind: "any" };

export type Pattern = readonly PatternPart[];

/** `and` of any number: none is true. */
export function allOf(operands: readonly Condition[]): Condition {
  const [first] = operands;
  if (first === undefined) return { kind: "constant", value: true };
  return operands.length === 1 ? first : { kind: "and", operands };
}

/** `or` of any number: none is false. */
export function anyOf(operands: readonly Condition[]): Condition {
  const [first] = operands;
  if (first === undefined) return { kind: "constant", value: false };
  return operands.length === 1 ? first : { kind: "or", operands };
}
