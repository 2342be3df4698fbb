// A filter's condition as SQL. Columns come out of a fixed table, values only as bound parameters; PostgreSQL's logic has
// the same three values.

import { assert, unreachable } from "@truechimer/base";
import { timestamptzFromNs } from "@truechimer/database";
import type { Column, Comparison, Condition, ConditionValue, Pattern } from "@truechimer/filter";
import { type RawBuilder, sql } from "kysely";

/** How a column is written, and as what its values are bound. */
export interface SqlColumn {
  readonly expression: RawBuilder<unknown>;
  readonly type: "text" | "bigint" | "float8" | "boolean" | "instant";
}

/** By the filter's name of the column. */
export type SqlColumns = Readonly<Record<string, SqlColumn>>;

const OPERATORS: Readonly<Record<Comparison, RawBuilder<unknown>>> = {
  eq: sql`=`,
  lt: sql`<`,
  le: sql`<=`,
  gt: sql`>`,
  ge: sql`>=`,
};

/** Every column of the condition must be among `columns`. */
export function conditionSql(condition: Condition, columns: SqlColumns): RawBuilder<boolean> {
  switch (condition.kind) {
    case "constant":
      return condition.value ? sql<boolean>`true` : sql<boolean>`false`;
    case "and":
    case "or": {
      const operands = condition.operands.map((operand) => conditionSql(operand, columns));
      return sql<boolean>`(${sql.join(operands, condition.kind === "and" ? sql` and ` : sql` or `)})`;
    }
    case "not":
      return sql<boolean>`(not ${conditionSql(condition.operand, columns)})`;
    case "certain":
      return sql<boolean>`(${conditionSql(condition.operand, columns)} is true)`;
    case "absent":
      return sql<boolean>`(${columnOf(condition.column, columns).expression} is null)`;
    case "like": {
      // In the collation "C" only A to Z have another case, as in the filter language.
      const { expression } = columnOf(condition.column, columns);
      return sql<boolean>`(lower(${expression} collate "C") like ${likePattern(condition.pattern)}::text)`;
    }
    case "compare": {
      const { expression, type } = columnOf(condition.column, columns);
      return sql<boolean>`(${expression} ${OPERATORS[condition.comparison]} ${boundValue(type, condition.value)})`;
    }
    default:
      return unreachable(condition);
  }
}

function columnOf(column: Column, columns: SqlColumns): SqlColumn {
  const found = columns[column];
  assert(found !== undefined, `no SQL for the filter's column ${column}`);
  return found;
}

function boundValue(type: SqlColumn["type"], value: ConditionValue): RawBuilder<unknown> {
  switch (type) {
    case "text":
      return sql`${String(value)}::text`;
    case "bigint":
      return sql`${BigInt(value)}::bigint`;
    case "float8":
      return sql`${Number(value)}::float8`;
    case "boolean":
      return sql`${value === true}::boolean`;
    case "instant":
      return sql`${timestamptzFromNs(BigInt(value))}::timestamptz`;
    default:
      return unreachable(type);
  }
}

/** `%`, `_` and `\` of the text stand for themselves. */
function likePattern(pattern: Pattern): string {
  return pattern
    .map((part) => {
      if (part.kind === "text") return part.text.replaceAll(/[\\%_]/g, String.raw`\$&`);
      return part.kind === "any" ? "%" : "_";
    })
    .join("");
}
