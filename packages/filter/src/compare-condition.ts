// One comparison: which operators a type knows, what its values mean, and how several values and "none" are taken.

import { ok, type Result, refused, unreachable } from "@truechimer/base";
import { anyOf, type Comparison, type Condition, type ConditionValue } from "./condition.ts";
import type { Field, FieldType } from "./field.ts";
import { FILTER_LIMITS } from "./filter-limits.ts";
import type { CompareNode, Operator, WrittenValue } from "./filter-node.ts";
import type { FilterProblem } from "./filter-problem.ts";
import {
  agoNs,
  parseInstant,
  parseNs,
  parseNumber,
  parseRowId,
  parseShare,
  type ValueResult,
} from "./parse-value.ts";
import { parsePattern, patternTest, wildcardsIn } from "./pattern.ts";
import { closestOf } from "./unknown-field.ts";

export interface CompareContext {
  readonly field: Field;
  readonly nowNs: bigint;
}

/** Types that have an order. */
const ORDERED: ReadonlySet<FieldType> = new Set([
  "number",
  "share",
  "offset",
  "magnitude",
  "duration",
  "instant",
  "age",
  "left",
  "id",
]);

const ORDER: Partial<Record<Operator, Comparison>> = {
  "<": "lt",
  "<=": "le",
  ">": "gt",
  ">=": "ge",
};

/** The condition, or what in it does not fit the field. */
export function compareCondition(
  node: CompareNode,
  context: CompareContext,
): Result<Condition, FilterProblem> {
  const misfit = operatorProblem(node, context.field);
  if (misfit !== undefined) return refused(misfit);
  const alternatives: Condition[] = [];
  for (const value of node.values) {
    const condition = valueCondition(value, node.operator, context);
    if (!condition.ok) {
      const { at, length } = value;
      const message = `"${value.text}" is no value of ${node.field}`;
      return refused({ at, length, message, expected: condition.error });
    }
    alternatives.push(condition.value);
  }
  const any = anyOf(alternatives);
  const condition: Condition = node.operator === "!=" ? { kind: "not", operand: any } : any;
  return ok(withKnownAbsence(condition, node, context.field));
}

/** Where no value is a value of its own, it is surely none of the others. */
function withKnownAbsence(
  condition: Condition,
  { operator }: CompareNode,
  field: Field,
): Condition {
  if (field.absentIsKnown !== true) return condition;
  const sure: Condition =
    condition.kind === "not" && operator === "!="
      ? { kind: "not", operand: { kind: "certain", operand: condition.operand } }
      : { kind: "certain", operand: condition };
  return sure;
}

function operatorProblem(node: CompareNode, field: Field): FilterProblem | undefined {
  const { operator, values } = node;
  if (ORDER[operator] === undefined) return undefined;
  const [first, second] = values;
  if (!ORDERED.has(field.type) && first !== undefined) {
    return {
      at: node.at + node.field.length,
      length: Math.max(1, first.at - node.at - node.field.length),
      message: `${node.field} has no order that ${operator} could mean`,
      expected: `expected : for a pattern, = or != for the whole, such as ${node.field}${field.example}`,
    };
  }
  if (second === undefined) return undefined;
  return {
    at: second.at,
    length: second.length,
    message: `${operator} takes one value`,
    expected: "expected no second one; several are for : = and !=",
  };
}

/** Alternatives of one value are joined by or; `!=` is turned round by the caller. */
function valueCondition(
  value: WrittenValue,
  operator: Operator,
  { field, nowNs }: CompareContext,
): ValueResult<Condition> {
  const { column, type } = field;
  const word = value.quoted ? undefined : value.text.toLowerCase();
  if ((word === "none" || word === "any") && ORDER[operator] === undefined) {
    return presence(word, field);
  }
  const comparison = ORDER[operator] ?? "eq";
  const compared = (result: ValueResult<ConditionValue>): ValueResult<Condition> =>
    result.ok ? ok({ kind: "compare", column, comparison, value: result.value }) : result;
  switch (type) {
    case "text":
      return textCondition(value, operator, field);
    case "word":
      return wordCondition(value, operator, field);
    case "number":
      return compared(parseNumber(value.text));
    case "share":
      return compared(parseShare(value.text));
    case "offset":
      return compared(parseNs(value.text, true));
    case "duration":
      return compared(parseNs(value.text, false));
    case "magnitude": {
      const limit = parseNs(value.text, false);
      return limit.ok ? ok(magnitudeCondition(column, comparison, limit.value)) : limit;
    }
    case "instant":
      return compared(parseInstant(value.text, nowNs));
    case "age": {
      const length = parseNs(value.text, false);
      if (!length.ok) return length;
      return ok({
        kind: "compare",
        column,
        comparison: OPPOSITE[comparison],
        value: agoNs(nowNs, length.value),
      });
    }
    case "left": {
      const length = parseNs(value.text, false);
      if (!length.ok) return length;
      return ok({ kind: "compare", column, comparison, value: agoNs(nowNs, -length.value) });
    }
    case "flag":
      return compared(parseFlag(value.text));
    case "id":
      return compared(parseRowId(value.text));
    default:
      return unreachable(type);
  }
}

function presence(word: "none" | "any", field: Field): ValueResult<Condition> {
  if (field.absent === undefined) {
    return refused(`expected a value such as ${field.name}${field.example}: there always is one`);
  }
  const absent: Condition = { kind: "absent", column: field.column };
  return ok(word === "none" ? absent : { kind: "not", operand: absent });
}

/** The older, the smaller the instant. */
const OPPOSITE: Readonly<Record<Comparison, Comparison>> = {
  eq: "eq",
  lt: "gt",
  le: "ge",
  gt: "lt",
  ge: "le",
};

/** |x| < a is x < a and x > −a. */
function magnitudeCondition(
  column: Field["column"],
  comparison: Comparison,
  limitNs: bigint,
): Condition {
  const above: Condition = { kind: "compare", column, comparison, value: limitNs };
  const below: Condition = {
    kind: "compare",
    column,
    comparison: OPPOSITE[comparison],
    value: -limitNs,
  };
  const within = comparison === "lt" || comparison === "le";
  return { kind: within ? "and" : "or", operands: [above, below] };
}

function textCondition(
  { text }: WrittenValue,
  operator: Operator,
  field: Field,
): ValueResult<Condition> {
  const { column } = field;
  if (operator !== ":") return ok({ kind: "compare", column, comparison: "eq", value: text });
  if (wildcardsIn(text) > FILTER_LIMITS.wildcardsMax) {
    return refused(`expected at most ${FILTER_LIMITS.wildcardsMax} of * in one pattern`);
  }
  return ok({ kind: "like", column, pattern: parsePattern(text) });
}

/** A pattern stands for the words that are like it; one that is like none is a mistake and no empty list. */
function wordCondition(
  { text }: WrittenValue,
  operator: Operator,
  field: Field,
): ValueResult<Condition> {
  const { column, words = [] } = field;
  const like = operator === ":" ? patternTest(parsePattern(text)) : (one: string) => one === text;
  if (wildcardsIn(text) > FILTER_LIMITS.wildcardsMax) {
    return refused(`expected at most ${FILTER_LIMITS.wildcardsMax} of * in one pattern`);
  }
  const meant = words.filter((word) => like(word));
  if (meant.length > 0) {
    return ok(
      anyOf(
        meant.map((value): Condition => ({ kind: "compare", column, comparison: "eq", value })),
      ),
    );
  }
  const nearest = closestOf(text.toLowerCase(), words);
  if (nearest !== undefined) return refused(`did you mean ${nearest}?`);
  const more = words.length > 8 ? ` … (${words.length} in all)` : "";
  return refused(`expected one of ${words.slice(0, 8).join(", ")}${more}`);
}

function parseFlag(text: string): ValueResult<boolean> {
  const word = text.toLowerCase();
  if (word === "yes" || word === "true") return ok(true);
  if (word === "no" || word === "false") return ok(false);
  return refused("expected yes or no");
}
