// From a filter as written to a condition: fields are looked up, operators and values are held to the field's type, and
// "now" is fixed.

import { ok, type Result, refused } from "@truechimer/base";
import { findField } from "./catalogue.ts";
import { compareCondition } from "./compare-condition.ts";
import { allOf, anyOf, type Condition } from "./condition.ts";
import type { Field, Subject } from "./field.ts";
import type { CompareNode, FilterNode, SearchNode } from "./filter-node.ts";
import type { FilterProblem } from "./filter-problem.ts";
import { searchCondition } from "./search-condition.ts";
import { unknownField } from "./unknown-field.ts";

export interface ResolveOptions {
  readonly subject: Subject;
  /** What "now" and ages are counted from, nanoseconds since 1970. */
  readonly nowNs: bigint;
}

/** The condition of a filter, or the first thing in it that cannot be. */
export function resolveFilter(
  node: FilterNode,
  options: ResolveOptions,
): Result<Condition, FilterProblem> {
  switch (node.kind) {
    case "everything":
      return ok({ kind: "constant", value: true });
    case "and":
    case "or":
      return joined(node.kind, node.operands, options);
    case "not": {
      const operand = resolveFilter(node.operand, options);
      return operand.ok ? ok({ kind: "not", operand: operand.value }) : operand;
    }
    case "search":
      return search(node, options);
    case "compare":
      return compare(node, options);
  }
}

function joined(
  kind: "and" | "or",
  operands: readonly FilterNode[],
  options: ResolveOptions,
): Result<Condition, FilterProblem> {
  const conditions: Condition[] = [];
  for (const operand of operands) {
    const condition = resolveFilter(operand, options);
    if (!condition.ok) return condition;
    conditions.push(condition.value);
  }
  return ok(kind === "and" ? allOf(conditions) : anyOf(conditions));
}

function search(
  { value }: SearchNode,
  { subject }: ResolveOptions,
): Result<Condition, FilterProblem> {
  const condition = searchCondition(value.text, subject);
  if (condition.ok) return condition;
  const { at, length } = value;
  return refused({
    at,
    length,
    message: `"${value.text}" cannot be looked for`,
    expected: condition.error,
  });
}

function compare(node: CompareNode, options: ResolveOptions): Result<Condition, FilterProblem> {
  const field: Field | undefined = findField(options.subject, node.field);
  if (field === undefined) return refused(unknownField(node, options.subject));
  return compareCondition(node, { field, ...options });
}
