// A copy of a whole database while others go on writing to it: all rows of all tables as they are at one instant, by COPY
// in one transaction that sees that instant alone. What pg_dump does, which the embedded PostgreSQL does not have.
//
// Nobody may change the schema meanwhile. Who migrates waits; partitions are made and dropped after the copy (rows of a day
// without one go to the default partition until then), because dropping one would stop all writers behind our locks.

import type { Readable } from "node:stream";
import { type Clock, systemClock } from "@truechimer/base";
import type { ClientBase } from "pg";
import { to as copyTo } from "pg-copy-streams";
import type { Database } from "../create-database.ts";
import { readLedger } from "../migrations/migration-ledger.ts";
import {
  advisoryLockId,
  type LockHolder,
  withMigrationLock,
} from "../migrations/migration-lock.ts";
import { appErrorFromPostgres } from "../postgres-error.ts";
import { withoutTimeLimits } from "../time-limits.ts";
import {
  type DumpDescription,
  type DumpedTable,
  LEFT_OUT,
  type SequenceValue,
} from "./dump-description.ts";
import { columnList, readSequences, readTables } from "./table-catalogue.ts";

/** The rows of one table or partition. */
export interface DumpedRelation {
  readonly table: DumpedTable;
  readonly name: string;
  /** In COPY's text format: a row a line, whatever is in it. */
  readonly text: Readable;
}

/** One instant of a database, for the length of a visit. */
export interface DatabaseDump {
  readonly description: DumpDescription;
  /** In the order of the description. Each text must be read before the next relation is asked for. */
  relations(): AsyncIterable<DumpedRelation>;
  /** To be asked for after the rows: no id in them is greater. */
  sequences(): Promise<readonly SequenceValue[]>;
}

/** Whom to tell of waiting, and by which clock. */
export interface DumpOptions {
  /** Told who migrates meanwhile. */
  readonly onWait?: (holders: readonly LockHolder[]) => void;
  readonly clock?: Clock;
  /** Tables whose rows are left out; default `LEFT_OUT`, what a backup has no use for. */
  readonly without?: ReadonlySet<string>;
}

const REPORT_INTERVAL_MS = 5_000;
/** As long as a start waits for a migration. */
const WAIT_LIMIT_MS = 600_000;

/** Hands `visit` the database as it is at one instant. Fails with database_busy when the schema is being changed for long. */
export async function withDump<T>(
  database: Pick<Database, "pool" | "where" | "serverVersion">,
  options: DumpOptions,
  visit: (dump: DatabaseDump) => Promise<T>,
): Promise<T> {
  const client = await database.pool.connect().catch((error: unknown) => {
    throw appErrorFromPostgres(error, database.where);
  });
  try {
    await withoutTimeLimits(client);
    await keepSchema(client, options);
    await client.query("begin isolation level repeatable read, read only");
    return await visit(
      await openSnapshot(client, database.serverVersion, options.without ?? LEFT_OUT),
    );
  } catch (error) {
    throw appErrorFromPostgres(error, database.where);
  } finally {
    // Closes the session: its transaction, its locks, and a copy that nobody reads to its end.
    client.release(true);
  }
}

/** Shared: several copies may be made at once. Held until the session ends. */
async function keepSchema(
  client: ClientBase,
  { onWait = () => undefined, clock = systemClock }: DumpOptions,
): Promise<void> {
  const wait = {
    clock,
    onWait,
    reportIntervalMs: REPORT_INTERVAL_MS,
    waitLimitMs: WAIT_LIMIT_MS,
  };
  await withMigrationLock(client, wait, async () => {
    for (const name of ["dump", "partitions"] as const) {
      await client.query("select pg_advisory_lock_shared($1)", [advisoryLockId(name)]);
    }
  });
}

async function openSnapshot(
  client: ClientBase,
  serverVersion: string,
  without: ReadonlySet<string>,
): Promise<DatabaseDump> {
  const { tables, leftOut } = await readTables(client, without);
  const migrations = (await readLedger(client)).map(({ version, checksum }) => ({
    version,
    checksum,
  }));
  return {
    description: { serverVersion, migrations, tables, leftOut },
    relations: async function* () {
      for (const table of tables) {
        const columns = columnList(client, table);
        for (const name of table.relations) {
          const text = client.query(
            copyTo(`copy ${client.escapeIdentifier(name)} ${columns} to stdout`),
          );
          // Whoever reads it hears of a failure; where nobody does, the session ends.
          text.on("error", () => undefined);
          yield { table, name, text };
        }
      }
    },
    sequences: () => readSequences(client),
  };
}
