// The tables of our schema as PostgreSQL's catalogue has them. A copy goes by it and not by a list, so that a table that a
// migration adds is in the next copy.

import type { ClientBase } from "pg";
import { readPartitions } from "../partitions/partition-catalogue.ts";
import { type DumpedTable, LEDGER_TABLE, type SequenceValue } from "./dump-description.ts";

/** In the order of their names, the ledger last. */
export async function readTables(
  client: ClientBase,
  without: ReadonlySet<string>,
): Promise<{
  readonly tables: readonly DumpedTable[];
  readonly leftOut: readonly string[];
}> {
  const { rows } = await client.query<{
    name: string;
    columns: string[];
    partitions: string[] | null;
  }>(
    `select c.relname::text as name,
            (select array_agg(a.attname::text order by a.attnum) from pg_attribute a
              where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '') as columns,
            (select array_agg(p.relname::text order by p.relname) from pg_inherits i join pg_class p on p.oid = i.inhrelid
              where i.inhparent = c.oid and c.relkind = 'p') as partitions
       from pg_class c
      where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
      order by c.relname = $1, c.relname`,
    [LEDGER_TABLE],
  );
  const tables: DumpedTable[] = [];
  for (const { name, columns, partitions } of rows) {
    if (without.has(name)) continue;
    tables.push({
      name,
      columns,
      relations: partitions ?? [name],
      partitions: partitions === null ? [] : await readPartitions(client, { name }),
    });
  }
  return { tables, leftOut: rows.map(({ name }) => name).filter((name) => without.has(name)) };
}

/** Whatever transaction asks: sequences are outside of all. */
export async function readSequences(client: ClientBase): Promise<readonly SequenceValue[]> {
  const { rows } = await client.query<{ name: string }>(
    `select c.relname::text as name from pg_class c
      where c.relnamespace = 'public'::regnamespace and c.relkind = 'S' order by 1`,
  );
  const values: SequenceValue[] = [];
  for (const { name } of rows) {
    const found = await client.query<{ last_value: bigint; is_called: boolean }>(
      `select last_value, is_called from ${client.escapeIdentifier(name)}`,
    );
    const [value] = found.rows;
    if (value === undefined) continue;
    values.push({ name, lastValue: value.last_value, isCalled: value.is_called });
  }
  return values;
}

/** "(a, b)", as COPY wants its columns. */
export function columnList(client: ClientBase, { columns }: DumpedTable): string {
  return `(${columns.map((column) => client.escapeIdentifier(column)).join(", ")})`;
}
