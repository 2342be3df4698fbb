// A condition becomes one function over rows of whatever kind: objects, or places in a columnar store. The readers are
// asked for once, when it is compiled; evaluating allocates nothing.

import { unreachable } from "@truechimer/base";
import type { Comparison, Condition, ConditionValue } from "./condition.ts";
import type { Column } from "./field.ts";
import { patternTest } from "./pattern.ts";

/** Undefined: absent. A length of time may come as a number where 53 bits are enough. */
export type ReadColumn<Row> = (row: Row) => ConditionValue | undefined;

/** How to read a column. It is asked once a use. */
export type Readers<Row> = (column: Column) => ReadColumn<Row>;

/** True, false, or unknown, which is neither. */
type Truth = boolean | undefined;

/** Whether a row passes: what is unknown does not. */
export function compileCondition<Row>(
  condition: Condition,
  readers: Readers<Row>,
): (row: Row) => boolean {
  const evaluate = compile(condition, readers);
  return (row) => evaluate(row) === true;
}

function compile<Row>(condition: Condition, readers: Readers<Row>): (row: Row) => Truth {
  switch (condition.kind) {
    case "constant":
      return () => condition.value;
    case "not": {
      const operand = compile(condition.operand, readers);
      return (row) => {
        const truth = operand(row);
        return truth === undefined ? undefined : !truth;
      };
    }
    case "certain": {
      const operand = compile(condition.operand, readers);
      return (row) => operand(row) === true;
    }
    case "and":
    case "or":
      return join(
        condition.operands.map((operand) => compile(operand, readers)),
        condition.kind === "or",
      );
    case "absent": {
      const read = readers(condition.column);
      return (row) => isAbsent(read(row));
    }
    case "like": {
      const read = readers(condition.column);
      const test = patternTest(condition.pattern);
      return (row) => {
        const value = read(row);
        return isAbsent(value) ? undefined : test(String(value));
      };
    }
    case "compare": {
      const read = readers(condition.column);
      const test = comparison(condition.comparison, condition.value);
      return (row) => {
        const value = read(row);
        return value === undefined || isAbsent(value) ? undefined : test(value);
      };
    }
    default:
      return unreachable(condition);
  }
}

/** Kleene's logic: one operand that decides is enough, whatever is unknown. */
function join<Row>(
  operands: readonly ((row: Row) => Truth)[],
  decides: boolean,
): (row: Row) => Truth {
  return (row) => {
    let truth: Truth = !decides;
    for (const operand of operands) {
      const one = operand(row);
      if (one === decides) return decides;
      if (one === undefined) truth = undefined;
    }
    return truth;
  };
}

function isAbsent(value: ConditionValue | undefined): boolean {
  return value === undefined || (typeof value === "number" && Number.isNaN(value));
}

function comparison(kind: Comparison, limit: ConditionValue): (value: ConditionValue) => boolean {
  switch (kind) {
    case "eq":
      // A number and a bigint of the same value are neither less nor greater.
      return (value) =>
        value === limit || (typeof value !== typeof limit && !(value < limit) && !(value > limit));
    case "lt":
      return (value) => value < limit;
    case "le":
      return (value) => value <= limit;
    case "gt":
      return (value) => value > limit;
    case "ge":
      return (value) => value >= limit;
    default:
      return unreachable(kind);
  }
}
