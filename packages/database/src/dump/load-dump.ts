// Fills an empty database with a copy: the schema by our own migrations up to where the copy's was, the rows by COPY, then
// what the schema has beyond that. Foreign keys and triggers come back after the rows, which were whole when they were
// copied; triggers would count and derive everything once more.
//
// A table a transaction, so that no number of days is too much for PostgreSQL's table of locks. The ledger comes last: a
// database with tables and an empty ledger is half filled, and no release starts on it.

import { pipeline } from "node:stream/promises";
import { AppError } from "@truechimer/base";
import type { ClientBase } from "pg";
import { from as copyFrom } from "pg-copy-streams";
import type { Database } from "../create-database.ts";
import { type MigrateOptions, migrate } from "../migrations/migrate.ts";
import { MIGRATIONS_DIRECTORY, readMigrationFiles } from "../migrations/migration-file.ts";
import { pendingMigrations } from "../migrations/migration-ledger.ts";
import { appErrorFromPostgres } from "../postgres-error.ts";
import { withoutTimeLimits } from "../time-limits.ts";
import { type DumpDescription, type DumpedTable, LEDGER_TABLE } from "./dump-description.ts";
import type { DatabaseDump, DumpedRelation } from "./open-dump.ts";
import { columnList, readTables } from "./table-catalogue.ts";

/** Who fills it, and who is told. */
export interface LoadOptions extends Pick<MigrateOptions, "appliedBy"> {
  /** A table or partition is filled. */
  readonly onLoaded?: (relation: { readonly name: string; readonly rows: number }) => void;
}

/** Fails with restore_target_not_empty unless there is not one table. */
export async function assertEmptyDatabase(
  database: Pick<Database, "pool" | "where">,
): Promise<void> {
  const { rows } = await database.pool
    .query<{ name: string }>(
      `select relname::text as name from pg_class
        where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm') and not relispartition
        order by 1 limit ${TABLES_SHOWN}`,
    )
    .catch((error: unknown) => {
      throw appErrorFromPostgres(error, database.where);
    });
  if (rows.length === 0) return;
  throw new AppError(
    "restore_target_not_empty",
    `database ${database.where} has tables already (such as ${rows.map(({ name }) => name).join(", ")}): a copy is restored into an empty database alone; make another one, or drop this one first if nothing in it is needed`,
  );
}

const TABLES_SHOWN = 3;

/**
 * Resolves when the database is as the copy was, brought to the schema of this release. Fails with restore_target_not_empty,
 * and with migration_newer_than_code for a copy of a newer release, before anything is written.
 */
export async function loadDump(
  database: Pick<Database, "pool" | "openPool" | "where">,
  dump: DatabaseDump,
  options: LoadOptions,
): Promise<void> {
  const { appliedBy } = options;
  const { migrations } = dump.description;
  pendingMigrations(readMigrationFiles(MIGRATIONS_DIRECTORY), migrations);
  await assertEmptyDatabase(database);
  await migrate(database, { appliedBy, upTo: migrations.at(-1)?.version });
  await fill(database, dump, options);
  await migrate(database, { appliedBy });
}

async function fill(
  database: Pick<Database, "pool" | "where">,
  dump: DatabaseDump,
  { onLoaded = () => undefined }: LoadOptions,
): Promise<void> {
  // Of a database that nobody has used yet.
  if (dump.description.tables.length === 0) return;
  const client = await database.pool.connect();
  try {
    await withoutTimeLimits(client);
    assertSameTables(dump.description, await readTables(client, new Set()));
    const foreignKeys = await openTables(client, dump.description);
    for await (const relation of dump.relations()) {
      const isLast = relation.table.name === LEDGER_TABLE;
      await inTransaction(client, async () => {
        const rows = await copyIn(client, relation);
        if (isLast) await closeTables(client, dump, foreignKeys);
        onLoaded({ name: relation.name, rows });
      });
    }
    await client.query("analyze");
  } catch (error) {
    throw appErrorFromPostgres(error, database.where);
  } finally {
    client.release(true);
  }
}

/** Fails with backup_broken when the copy has tables or columns that its own migrations do not make. */
function assertSameTables(
  { tables }: Pick<DumpDescription, "tables">,
  made: Pick<DumpDescription, "tables">,
): void {
  const columnsMade = new Map(made.tables.map(({ name, columns }) => [name, new Set(columns)]));
  for (const { name, columns } of tables) {
    const known = columnsMade.get(name);
    const stray = columns.find((column) => known?.has(column) !== true);
    if (known !== undefined && stray === undefined) continue;
    const what = known === undefined ? `table ${name}` : `column ${stray ?? ""} of ${name}`;
    throw new AppError(
      "backup_broken",
      `the copy has a ${what}, which the migrations that it names do not make: it was changed after it was made; use another one`,
    );
  }
}

interface ForeignKey {
  readonly table: string;
  readonly name: string;
  readonly definition: string;
}

/** After it nothing but the shape of a row is looked at, and the days of the copy are there. */
async function openTables(
  client: ClientBase,
  { tables }: DumpDescription,
): Promise<readonly ForeignKey[]> {
  return await inTransaction(client, async () => {
    const { rows: foreignKeys } = await client.query<ForeignKey>(
      `select conrelid::regclass::text as table, quote_ident(conname) as name, pg_get_constraintdef(oid) as definition
         from pg_constraint
        where contype = 'f' and connamespace = 'public'::regnamespace and conparentid = 0 order by 1, 2`,
    );
    for (const { table, name } of foreignKeys) {
      await client.query(`alter table ${table} drop constraint ${name}`);
    }
    for (const { name } of tables) {
      await client.query(`alter table ${client.escapeIdentifier(name)} disable trigger user`);
    }
    // What the migrations have put into them is in the copy, as it is there; the ledger's own rows, too.
    await client.query(
      `truncate ${tables.map(({ name }) => client.escapeIdentifier(name)).join(", ")}`,
    );
    for (const table of tables) await makePartitions(client, table);
    return foreignKeys;
  });
}

async function makePartitions(
  client: ClientBase,
  { name, partitions }: DumpedTable,
): Promise<void> {
  for (const { name: partition, from, to } of partitions) {
    await client.query(
      `create table ${client.escapeIdentifier(partition)} partition of ${client.escapeIdentifier(name)}
         for values from (${client.escapeLiteral(from)}) to (${client.escapeLiteral(to)})`,
    );
  }
}

/** Gives how many rows it were. */
async function copyIn(client: ClientBase, relation: DumpedRelation): Promise<number> {
  const { name, table, text } = relation;
  const target = `${client.escapeIdentifier(name)} ${columnList(client, table)}`;
  // Emptied in the same transaction, rows need neither a log of their own (wal_level = minimal) nor a vacuum.
  await client.query(`truncate ${client.escapeIdentifier(name)}`);
  const copy = client.query(copyFrom(`copy ${target} from stdin with (freeze)`));
  await pipeline(text, copy);
  return copy.rowCount;
}

async function closeTables(
  client: ClientBase,
  dump: DatabaseDump,
  foreignKeys: readonly ForeignKey[],
): Promise<void> {
  for (const { name } of dump.description.tables) {
    await client.query(`alter table ${client.escapeIdentifier(name)} enable trigger user`);
  }
  for (const { table, name, definition } of foreignKeys) {
    await client.query(`alter table ${table} add constraint ${name} ${definition}`);
  }
  for (const { name, lastValue, isCalled } of await dump.sequences()) {
    await client.query("select setval($1::regclass, $2, $3)", [name, lastValue, isCalled]);
  }
}

async function inTransaction<T>(client: ClientBase, work: () => Promise<T>): Promise<T> {
  await client.query("begin");
  try {
    const result = await work();
    await client.query("commit");
    return result;
  } catch (error) {
    await client.query("rollback").catch(() => undefined);
    throw error;
  }
}
