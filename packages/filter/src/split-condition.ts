// What of a condition a database can be asked, when it does not know every column.

import { allOf, type Condition } from "./condition.ts";
import type { Column } from "./field.ts";

export interface SplitCondition {
  /** Every row that passes the whole condition passes this. */
  readonly asked: Condition;
  /** It is the whole condition: nothing is left to be looked at afterwards. */
  readonly whole: boolean;
}

/** Those terms of the topmost `and` whose columns are all known. */
export function splitCondition(
  condition: Condition,
  isKnown: (column: Column) => boolean,
): SplitCondition {
  const terms = condition.kind === "and" ? condition.operands : [condition];
  const asked = terms.filter((term) => columnsOf(term).every(isKnown));
  return { asked: allOf(asked), whole: asked.length === terms.length };
}

/** Every column that a condition looks at. */
export function columnsOf(condition: Condition): readonly Column[] {
  switch (condition.kind) {
    case "constant":
      return [];
    case "and":
    case "or":
      return condition.operands.flatMap(columnsOf);
    case "not":
    case "certain":
      return columnsOf(condition.operand);
    default:
      return [condition.column];
  }
}
