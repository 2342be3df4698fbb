// A filter lets the same rows through in PostgreSQL and as a function, whatever it says.

import { nsFromTimestamptz, type Timestamptz } from "@truechimer/database";
import {
  type Column,
  type ConditionValue,
  compileCondition,
  FIELDS,
  type Field,
  type FilterNode,
  printFilter,
  readFilter,
  type Subject,
  type WrittenValue,
  writtenName,
} from "@truechimer/filter";
import { useDatabase } from "@truechimer/testing-postgres";
import fc from "fast-check";
import { type RawBuilder, sql } from "kysely";
import { beforeAll, describe, expect, test } from "vitest";
import { conditionSql, type SqlColumn, type SqlColumns } from "../src/filter/condition-sql.ts";
import { CHECK_FILTER_COLUMNS, EVENT_FILTER_COLUMNS } from "../src/filter/filter-columns.ts";
import { HOSTILE, insertFilterRows } from "./_filter-rows.ts";

const database = await useDatabase();
const { kysely } = database;
const NOW_NS = BigInt(Date.now()) * 1_000_000n;
const PLACE = { at: 0, length: 0 } as const;

beforeAll(async () => {
  await insertFilterRows(database);
});

type Row = Readonly<Record<string, unknown>>;

const SUBJECTS: Readonly<
  Partial<
    Record<
      Subject,
      { readonly columns: SqlColumns; readonly id: Column; readonly from: RawBuilder<unknown> }
    >
  >
> = {
  checks: {
    columns: CHECK_FILTER_COLUMNS,
    id: "check.id",
    from: sql`log_scores l join servers s on s.id = l.server_id join monitors m on m.id = l.monitor_id
      left join agents a on a.id = m.agent_id`,
  },
  events: {
    columns: EVENT_FILTER_COLUMNS,
    id: "event.id",
    from: sql`events e left join servers s on s.id = e.server_id left join monitors m on m.id = e.monitor_id
      left join agents a on a.id = m.agent_id`,
  },
};

const TEXTS = fc.oneof(
  fc.constantFrom(
    ...HOSTILE,
    "*",
    "?",
    "GPS",
    "gps",
    "de",
    "v6",
    "*rack*",
    "100%*",
    "100_xdone",
    "zürich*",
    "none",
  ),
  fc
    .tuple(fc.constantFrom(...HOSTILE), fc.nat(12), fc.constantFrom("*", "?", ""))
    .map(([text, cut, end]) => Array.from(text).slice(0, cut).join("") + end),
  fc.string({ unit: "grapheme", maxLength: 8 }),
);

/** Values that a field can be asked for, right and wrong ones. */
function valuesOf(field: Field): fc.Arbitrary<string> {
  const lengths = fc.constantFrom(
    "0ns",
    "100us",
    "5ms",
    "9900us",
    "-3ms",
    "1s",
    "10m",
    "1h30m",
    "20d",
  );
  switch (field.type) {
    case "text":
      return TEXTS;
    case "word":
      return fc.constantFrom(...(field.words ?? []), "*e*", "none", "any");
    case "flag":
      return fc.constantFrom("yes", "no");
    case "number":
    case "id":
      return fc.constantFrom("0", "1", "3", "7", "-5", "2.5", "124", "999999999999999", "none");
    case "instant":
      return fc.constantFrom(
        "now",
        "now-1h",
        "now+400000d",
        "now-20000d",
        "2026-01-01",
        "1970-01-01",
        "2261-01-01T00:00Z",
      );
    default:
      return fc.oneof(lengths, fc.constantFrom("none", "any"));
  }
}

function nodes(subject: Subject): fc.Arbitrary<FilterNode> {
  const term = fc.constantFrom(...FIELDS[subject]).chain((field) =>
    fc.record({
      kind: fc.constant("compare" as const),
      field: fc.constant(writtenName(field, subject)),
      operator: fc.constantFrom(":", "=", "!=", "<", "<=", ">", ">=" as const),
      values: fc.array(
        fc
          .record({ text: valuesOf(field), quoted: fc.boolean() })
          .map((value): WrittenValue => ({ ...value, ...PLACE })),
        { minLength: 1, maxLength: 2 },
      ),
    }),
  );
  const { node } = fc.letrec<{ node: FilterNode }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      term.map((one): FilterNode => ({ ...one, ...PLACE })),
      TEXTS.map(
        (text): FilterNode => ({
          kind: "search",
          value: { text, quoted: true, ...PLACE },
          ...PLACE,
        }),
      ),
      tie("node").map((operand): FilterNode => ({ kind: "not", operand, ...PLACE })),
      fc
        .tuple(fc.constantFrom("and" as const, "or" as const), tie("node"), tie("node"))
        .map(([kind, one, other]): FilterNode => ({ kind, operands: [one, other], ...PLACE })),
    ),
  }));
  return node;
}

function valueOf({ type }: SqlColumn, value: unknown): ConditionValue | undefined {
  if (value === null) return undefined;
  if (type === "instant") return nsFromTimestamptz(value as Timestamptz);
  return type === "float8" ? Number(value) : (value as ConditionValue);
}

describe.each(Object.entries(SUBJECTS))("%s", (name, { columns, id, from }) => {
  const subject = name as Subject;
  let rows: readonly Row[];

  beforeAll(async () => {
    const selected = Object.entries(columns).map(
      ([column, { expression }]) => sql`${expression} as ${sql.id(column)}`,
    );
    rows = (await sql<Row>`select ${sql.join(selected)} from ${from}`.execute(kysely)).rows;
  });

  test("PostgreSQL and the compiled function let the same rows through", async () => {
    expect(rows.length).toBeGreaterThan(15);
    let read = 0;
    let matched = 0;
    await fc.assert(
      fc.asyncProperty(nodes(subject), async (node) => {
        const condition = readFilter(printFilter(node), { subject, nowNs: NOW_NS });
        if (!condition.ok) return;
        read += 1;
        const passes = compileCondition<Row>(condition.value, (column) => {
          const as = columns[column];
          if (as === undefined) throw new Error(`no column ${column}`);
          return (row) => valueOf(as, row[column]);
        });
        const found = await sql<{ readonly id: bigint }>`
          select ${columns[id]?.expression} as id from ${from} where ${conditionSql(condition.value, columns)}
          order by 1`.execute(kysely);
        const expected = rows.filter(passes).map((row) => row[id] as bigint);
        if (expected.length > 0 && expected.length < rows.length) matched += 1;
        expect(found.rows.map((row) => row.id)).toEqual(expected.toSorted((a, b) => Number(a - b)));
      }),
      { numRuns: 400 },
    );
    // The property says something: many filters are real ones, and part the rows.
    expect(read).toBeGreaterThan(150);
    expect(matched).toBeGreaterThan(50);
    expect((await sql`select from servers`.execute(kysely)).rows).toHaveLength(HOSTILE.length);
  }, 120_000);

  test("every field has its column", () => {
    for (const field of FIELDS[subject]) expect(Object.keys(columns)).toContain(field.column);
  });
});
