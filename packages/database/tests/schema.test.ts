// The types of src/schema.ts against a live database: Kysely believes them, so somebody must look.

import { readFileSync } from "node:fs";
import { useDatabase } from "@truechimer/testing-postgres";
import { expect, test } from "vitest";

const database = await useDatabase();

interface Column {
  readonly table: string;
  readonly column: string;
  readonly type: string;
  readonly nullable: boolean;
  readonly hasDefault: boolean;
  readonly generatedAlways: boolean;
}

/** What a column of each PostgreSQL type is in TypeScript, as parsed by driver-types.ts. */
const TYPES: Readonly<Record<string, RegExp>> = {
  bigint: /^bigint$/,
  integer: /^number$/,
  smallint: /^number$/,
  "double precision": /^number$/,
  text: /^(string|[A-Z]\w+(Name|Type|Version))$/,
  inet: /^string$/,
  date: /^string$/,
  boolean: /^boolean$/,
  bytea: /^Uint8Array$/,
  "text[]": /^readonly string\[\]$/,
  jsonb: /^Jsonb(Nullable|WithDefault)?$/,
  "timestamp with time zone": /^Timestamptz$/,
  "timestamp with time zone[]": /^readonly Timestamptz\[\]$/,
  "bigint[]": /^readonly bigint\[\]$/,
  xid8: /^bigint$/,
  pg_snapshot: /^PgSnapshotText$/,
};

const live = await readLiveColumns();
const declared = readDeclaredColumns();

test("every table and column of the database is declared, and no other", () => {
  expect([...declared.keys()].toSorted()).toEqual([...live.keys()].toSorted());
  expect(live.size).toBeGreaterThan(100);
});

test("every declared type is that of the column", () => {
  const wrong = [...live].flatMap(([name, column]) => {
    const type = declared.get(name);
    const problem = type === undefined ? "missing" : mismatch(column, type);
    return problem === undefined ? [] : [`${name} ${type}: ${problem}`];
  });
  expect(wrong).toEqual([]);
});

test("every table and column says what it means", async () => {
  const { rows } = await database.pool.query<{ name: string }>(
    `select c.relname || coalesce('.' || a.attname, '') as name
       from pg_class c
       left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
        and (col_description(c.oid, a.attnum) is null or obj_description(c.oid, 'pg_class') is null)`,
  );
  expect(rows).toEqual([]);
});

function mismatch(column: Column, declaredType: string): string | undefined {
  const nullable = declaredType.endsWith(" | null") || declaredType === "JsonbNullable";
  if (nullable !== column.nullable) return column.nullable ? "may be null" : "is never null";
  const plain = declaredType.replace(/ \| null$/, "");
  const wrapper = /^(Generated|GeneratedAlways)<(.+)>$/.exec(plain);
  const written = wrapper?.[1] ?? (plain === "JsonbWithDefault" ? "Generated" : "");
  const expected = column.generatedAlways
    ? "GeneratedAlways"
    : column.hasDefault
      ? "Generated"
      : "";
  if (written !== expected) return `is "${expected}" and not "${written}"`;
  const type = wrapper?.[2] ?? plain;
  return TYPES[column.type]?.test(type) === true ? undefined : `is ${column.type}`;
}

async function readLiveColumns(): Promise<ReadonlyMap<string, Column>> {
  const { rows } = await database.pool.query<Column>(
    `select c.relname as "table", a.attname as "column", format_type(a.atttypid, null) as type,
            not a.attnotnull as nullable, a.atthasdef and a.attidentity = '' as "hasDefault",
            (a.attidentity = 'a' or a.attgenerated <> '') as "generatedAlways"
       from pg_class c join pg_attribute a on a.attrelid = c.oid
      where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
        and a.attnum > 0 and not a.attisdropped`,
  );
  return new Map(rows.map((row) => [`${row.table}.${row.column}`, row]));
}

/** From the text of src/schema.ts: types are gone at run time. "table.column" → type. */
function readDeclaredColumns(): ReadonlyMap<string, string> {
  const source = readFileSync(new URL("../src/schema.ts", import.meta.url), "utf8");
  const bodies = new Map(
    [...source.matchAll(/^export interface (\w+) \{\n(.*?)^\}/gms)].map(
      ([, name = "", body = ""]) => [name, body] as const,
    ),
  );
  const fields = (body: string): readonly (readonly [string, string])[] =>
    [...body.matchAll(/^ {2}(\w+): (.+);$/gm)].map(([, name = "", type = ""]) => [name, type]);
  return new Map(
    fields(bodies.get("Schema") ?? "").flatMap(([table, name]) =>
      fields(bodies.get(name) ?? "").map(([column, type]) => [`${table}.${column}`, type] as const),
    ),
  );
}
