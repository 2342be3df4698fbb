// Which partitions exist, from PostgreSQL's catalogue: whatever made them, their bounds count and not their names.

import type { ClientBase } from "pg";
import { parseTimestamptz, type Timestamptz } from "../timestamptz.ts";
import type { PartitionedTable } from "./partitioned-tables.ts";
import { startOfDay, type UtcDay } from "./utc-day.ts";

/** A partition and the span that it holds. */
export interface Partition {
  readonly name: string;
  /** Included. */
  readonly from: Timestamptz;
  /** Excluded. */
  readonly to: Timestamptz;
}

const BOUNDS = /^FOR VALUES FROM \('([^']+)'\) TO \('([^']+)'\)$/;

/** All but the default partition. */
export async function readPartitions(
  client: ClientBase,
  { name: table }: { readonly name: string },
): Promise<readonly Partition[]> {
  const { rows } = await client.query<{ name: string; bounds: string }>(
    `select c.relname as name, pg_get_expr(c.relpartbound, c.oid) as bounds
       from pg_inherits i join pg_class c on c.oid = i.inhrelid
      where i.inhparent = $1::regclass order by c.relname`,
    [table],
  );
  return rows.flatMap(({ name, bounds }) => {
    const [, from, to] = BOUNDS.exec(bounds) ?? [];
    if (from === undefined || to === undefined) return [];
    return [{ name, from: parseTimestamptz(from), to: parseTimestamptz(to) }];
  });
}

/** Whether rows of this day have a partition, so that they do not land in the default one. */
export function isCovered(day: UtcDay, partitions: readonly Partition[]): boolean {
  const start = startOfDay(day);
  return partitions.some(({ from, to }) => from <= start && start < to);
}

/** Days of the rows in the default partition, in order. */
export async function readDefaultDays(
  client: ClientBase,
  table: PartitionedTable,
): Promise<readonly UtcDay[]> {
  const { rows } = await client.query<{ day: string }>(
    `select distinct (${table.column} at time zone 'UTC')::date as day
       from ${defaultPartition(table)} order by day`,
  );
  return rows.map(({ day }) => day);
}

/** The name of the partition that takes what no day does. */
export function defaultPartition(table: PartitionedTable): string {
  return `${table.name}_default`;
}
