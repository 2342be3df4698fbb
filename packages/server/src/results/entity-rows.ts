// What a filter asks of servers and monitors, read from the database once a page, beside results that come from elsewhere.

import { assert } from "@truechimer/base";
import type { Schema } from "@truechimer/database";
import type { Column, ReadColumn } from "@truechimer/filter";
import { type Kysely, sql } from "kysely";
import type { SqlColumns } from "../filter/condition-sql.ts";
import { CHECK_FILTER_COLUMNS } from "../filter/filter-columns.ts";
import { rowValue } from "../filter/remembered-check.ts";

/** A row of servers or of monitors: what the filter asks of it, under the names of its columns. */
interface NamedRow {
  readonly name: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/** By id. */
export type EntityRows = ReadonlyMap<number, NamedRow>;

/** All monitors, with the columns that are asked for. */
export async function monitorRows(
  kysely: Kysely<Schema>,
  columns: readonly Column[],
): Promise<EntityRows> {
  const { rows } = await sql<Readonly<Record<string, unknown>>>`
    select m.id, m.hostname as name ${selected(columns, "monitor.")}
    from monitors m left join agents a on a.id = m.agent_id where m.type = 'monitor'`.execute(
    kysely,
  );
  return byId(rows);
}

/** Absent: the filter asks nothing of servers, or has been answered by their ids. */
export async function serverRowsOf(
  kysely: Kysely<Schema>,
  columns: readonly Column[],
  ids: ReadonlySet<bigint> | undefined,
): Promise<EntityRows | undefined> {
  if (!columns.some((column) => column.startsWith("server."))) return undefined;
  const { rows } = await sql<Readonly<Record<string, unknown>>>`
    select s.id, s.name ${selected(columns, "server.")} from servers s
    where ${ids === undefined ? sql`true` : sql`s.id = any(${[...ids]}::bigint[])`}`.execute(
    kysely,
  );
  return byId(rows);
}

function selected(columns: readonly Column[], prefix: string): ReturnType<typeof sql> {
  const own = [...new Set(columns.filter((column) => column.startsWith(prefix)))];
  return sql`${sql.join(
    own.map((column) => sql`, ${columnOf(column).expression} as ${sql.id(column)}`),
    sql``,
  )}`;
}

function byId(rows: readonly Readonly<Record<string, unknown>>[]): EntityRows {
  return new Map(
    rows.map((values) => [Number(values["id"]), { name: String(values["name"]), values }]),
  );
}

function columnOf(column: Column): SqlColumns[string] {
  const found = CHECK_FILTER_COLUMNS[column];
  assert(found !== undefined, `no column ${column}`);
  return found;
}

/** By id. */
export async function serverNames(
  kysely: Kysely<Schema>,
  serverIds: readonly number[],
): Promise<ReadonlyMap<number, string>> {
  const ids = [...new Set(serverIds)].map(BigInt);
  if (ids.length === 0) return new Map();
  const found = await kysely
    .selectFrom("servers")
    .select(["id", "name"])
    .where("id", "in", ids)
    .execute();
  return new Map(found.map(({ id, name }) => [Number(id), name]));
}

/** How a column is read: of the result itself, or of the server or the monitor that it names. */
export function readerOf<Row extends { readonly serverId: number; readonly monitorId: number }>(
  column: Column,
  ofResult: Readonly<Record<Column, ReadColumn<Row>>>,
  {
    monitors,
    servers,
  }: { readonly monitors: EntityRows; readonly servers: EntityRows | undefined },
): ReadColumn<Row> {
  const own = ofResult[column];
  if (own !== undefined) return own;
  const isOfServer = column.startsWith("server.");
  return (row) => {
    const entity = isOfServer ? servers?.get(row.serverId) : monitors.get(row.monitorId);
    return entity && rowValue(entity.values, column);
  };
}
