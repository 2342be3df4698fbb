// Keeps the partitioned tables in step with the calendar: days are made ahead of need, days beyond retention are dropped
// whole, and rows that came while their day was missing are moved out of the default partition. Any number of replicas
// may call it, as often as they like: one works, the others see that one does. Every day is a transaction of its own,
// so that a lock on a table that is being written is short, and a kill in the middle loses nothing.

import type { UnixNs } from "@truechimer/base";
import type { ClientBase } from "pg";
import type { Database } from "../create-database.ts";
import { advisoryLockId } from "../migrations/migration-lock.ts";
import { appErrorFromPostgres, sqlStateOf } from "../postgres-error.ts";
import {
  defaultPartition,
  isCovered,
  readDefaultDays,
  readPartitions,
} from "./partition-catalogue.ts";
import {
  PARTITIONED_TABLES,
  type PartitionedTable,
  RETENTION_DAYS_DEFAULT,
  type RetentionDays,
} from "./partitioned-tables.ts";
import { addDays, daysBetween, startOfDay, type UtcDay, utcDayOf } from "./utc-day.ts";

/** How far ahead, how far back, and how patiently. */
export interface MaintainPartitionsOptions {
  readonly retentionDays?: Partial<RetentionDays>;
  /** Days made ahead of today; default 3, so that two days without maintenance go unnoticed. */
  readonly daysAhead?: number;
  /** How long to wait for a table in use; default 2 s: whoever comes after us waits behind us. */
  readonly lockTimeoutMs?: number;
  /** What counts as now. Default: the database's clock. */
  readonly nowNs?: UnixNs;
}

/** What one run did. Partitions are told by their names. */
export interface PartitionMaintenance {
  /** True: another replica is at it. Nothing was done. */
  readonly busy: boolean;
  readonly created: readonly string[];
  readonly dropped: readonly string[];
  /** Rows that left the default partitions for their day, or for good because they are beyond retention. */
  readonly moved: number;
  readonly expired: number;
  /** Left for the next run: in use for longer than the lock's time limit, or more old days than one run drops. */
  readonly postponed: readonly string[];
}

const DAYS_AHEAD_DEFAULT = 3;
/**
 * One day a table is due each day. A clock that runs years ahead for an hour, or a program that was off for a month,
 * must not take the whole history away at once.
 */
const DAYS_DROPPED_MAX = 2;
const LOCK_TIMEOUT_MS_DEFAULT = 2_000;
const LOCK_NOT_AVAILABLE = "55P03";

/**
 * Makes the days ahead, drops those beyond retention. Any number of replicas may call it; one at a time does anything.
 */
export async function maintainPartitions(
  database: Pick<Database, "pool" | "where">,
  options: MaintainPartitionsOptions = {},
): Promise<PartitionMaintenance> {
  try {
    const client = await database.pool.connect();
    try {
      return await underLock(client, options, async () => await maintain(client, options));
    } finally {
      // Closes the session, with the time limits that were set.
      client.release(true);
    }
  } catch (error) {
    throw appErrorFromPostgres(error, database.where);
  }
}

async function underLock(
  client: ClientBase,
  { lockTimeoutMs = LOCK_TIMEOUT_MS_DEFAULT }: MaintainPartitionsOptions,
  work: () => Promise<PartitionMaintenance>,
): Promise<PartitionMaintenance> {
  const id = advisoryLockId("partitions");
  const { rows } = await client.query<{ free: boolean }>(
    `select pg_try_advisory_lock($1) as free, set_config('statement_timeout', '0', false),
            set_config('lock_timeout', $2, false)`,
    [id, String(lockTimeoutMs)],
  );
  if (rows[0]?.free !== true) {
    return { busy: true, created: [], dropped: [], moved: 0, expired: 0, postponed: [] };
  }
  try {
    return await work();
  } finally {
    // At once, and not when PostgreSQL notices that the session has gone. One that broke has freed it already.
    await client.query("select pg_advisory_unlock($1)", [id]).catch(() => undefined);
  }
}

/** What a run has done so far. */
interface Progress {
  readonly created: string[];
  readonly dropped: string[];
  readonly postponed: string[];
  moved: number;
  expired: number;
}

async function maintain(
  client: ClientBase,
  options: MaintainPartitionsOptions,
): Promise<PartitionMaintenance> {
  const today = options.nowNs === undefined ? await readToday(client) : utcDayOf(options.nowNs);
  const retention = { ...RETENTION_DAYS_DEFAULT, ...options.retentionDays };
  const daysAhead = options.daysAhead ?? DAYS_AHEAD_DEFAULT;
  const progress: Progress = { created: [], dropped: [], postponed: [], moved: 0, expired: 0 };
  for (const table of PARTITIONED_TABLES) {
    const oldest = addDays(today, -retention[table.name]);
    const newest = addDays(today, daysAhead);
    await dropOldDays(client, table, oldest, progress);
    await createMissingDays(client, table, { oldest, today, newest }, progress);
  }
  return { busy: false, ...progress };
}

async function readToday(client: ClientBase): Promise<UtcDay> {
  const { rows } = await client.query<{ today: string }>(
    "select (now() at time zone 'UTC')::date as today",
  );
  return rows[0]?.today ?? "";
}

async function dropOldDays(
  client: ClientBase,
  table: PartitionedTable,
  oldest: UtcDay,
  progress: Progress,
): Promise<void> {
  const old = (await readPartitions(client, table))
    .filter(({ to }) => to <= startOfDay(oldest))
    .toSorted((one, other) => (one.to < other.to ? -1 : 1));
  progress.postponed.push(...old.slice(DAYS_DROPPED_MAX).map(({ name }) => name));
  for (const { name } of old.slice(0, DAYS_DROPPED_MAX)) {
    await inOwnTransaction(client, name, progress, async () => {
      await client.query(`drop table ${client.escapeIdentifier(name)}`);
      progress.dropped.push(name);
    });
  }
  const rest = defaultPartition(table);
  await inOwnTransaction(client, rest, progress, async () => {
    const { rowCount } = await client.query(`delete from ${rest} where ${table.column} < $1`, [
      startOfDay(oldest),
    ]);
    progress.expired += rowCount ?? 0;
  });
}

/** Yesterday to the newest day, and every day within retention that rows in the default partition belong to. */
async function createMissingDays(
  client: ClientBase,
  table: PartitionedTable,
  { oldest, today, newest }: { oldest: UtcDay; today: UtcDay; newest: UtcDay },
  progress: Progress,
): Promise<void> {
  const partitions = await readPartitions(client, table);
  const yesterday = addDays(today, -1);
  const stray = (await readDefaultDays(client, table)).filter(
    (day) => day < yesterday && day >= oldest,
  );
  const wanted = [...stray, ...daysBetween(yesterday > oldest ? yesterday : oldest, newest)];
  for (const day of wanted) {
    if (isCovered(day, partitions)) continue;
    const name = `${table.name}_${day.replaceAll("-", "")}`;
    await inOwnTransaction(client, name, progress, async () => {
      progress.moved += await createDay(client, table, name, day);
      progress.created.push(name);
    });
  }
}

/** Made beside the table and attached when it is whole: attaching does not stop those who read and write other days. */
async function createDay(
  client: ClientBase,
  table: PartitionedTable,
  name: string,
  day: UtcDay,
): Promise<number> {
  const bounds = [startOfDay(day), startOfDay(addDays(day, 1))] as const;
  const [from, to] = bounds.map((bound) => client.escapeLiteral(bound));
  await client.query(`create table ${name} (like ${table.name} including all)`);
  // From here on no row of this day can come to the default partition.
  await client.query(`lock table ${defaultPartition(table)} in access exclusive mode`);
  const { rowCount } = await client.query(
    `with moved as (
       delete from ${defaultPartition(table)}
        where ${table.column} >= $1 and ${table.column} < $2 returning *
     )
     insert into ${name} select * from moved`,
    [...bounds],
  );
  await client.query(
    `alter table ${table.name} attach partition ${name} for values from (${from}) to (${to})`,
  );
  return rowCount ?? 0;
}

async function inOwnTransaction(
  client: ClientBase,
  name: string,
  progress: Progress,
  work: () => Promise<void>,
): Promise<void> {
  await client.query("begin");
  try {
    await work();
    await client.query("commit");
  } catch (error) {
    await client.query("rollback");
    if (sqlStateOf(error) !== LOCK_NOT_AVAILABLE) throw error;
    progress.postponed.push(name);
  }
}
