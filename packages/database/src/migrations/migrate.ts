// Brings a database to the schema of this release. Any number of replicas may call it at once: each file is applied
// once, and all of them return when the schema is there.

import { hostname } from "node:os";
import { AppError, type Clock, systemClock } from "@truechimer/base";
import type { PoolClient } from "pg";
import type { Database } from "../create-database.ts";
import { installJobQueue } from "../job-queue/install-job-queue.ts";
import { appErrorFromPostgres } from "../postgres-error.ts";
import { withoutTimeLimits } from "../time-limits.ts";
import { applyMigration } from "./apply-migration.ts";
import { MIGRATIONS_DIRECTORY, type MigrationFile, readMigrationFiles } from "./migration-file.ts";
import {
  type AppliedMigration,
  createLedger,
  pendingMigrations,
  readLedger,
} from "./migration-ledger.ts";
import { type LockHolder, withMigrationLock, withoutDumps } from "./migration-lock.ts";

/** Who migrates, how long it waits for others, and who is told. */
export interface MigrateOptions {
  /** Written to the ledger beside the host's name: program and version, as "truechimer 0.1.0". */
  readonly appliedBy: string;
  /** Told who holds the lock while we wait for it. */
  readonly onWait?: (holders: readonly LockHolder[]) => void;
  readonly onApplied?: (migration: { readonly version: string; readonly tookMs: number }) => void;
  /** Default: the files of this package, and then the schema of the job queue. */
  readonly directory?: string;
  /** No file after this version. Default: all. */
  readonly upTo?: string | undefined;
  /** How often `onWait` is told; default 5 s. */
  readonly reportIntervalMs?: number;
  /** How long to wait for the lock; default 10 min, the longest migration that we would let a start wait for. */
  readonly waitLimitMs?: number;
  readonly clock?: Clock;
}

const REPORT_INTERVAL_MS_DEFAULT = 5_000;
const WAIT_LIMIT_MS_DEFAULT = 600_000;

/** Returns the versions that this call has applied. */
export async function migrate(
  database: Pick<Database, "pool" | "openPool" | "where">,
  options: MigrateOptions,
): Promise<readonly string[]> {
  const { upTo } = options;
  const files = readMigrationFiles(options.directory ?? MIGRATIONS_DIRECTORY).filter(
    ({ version }) => upTo === undefined || version <= upTo,
  );
  const clock = options.clock ?? systemClock;
  return await withPinnedSession(database, async (client) => {
    const wait = {
      clock,
      onWait: options.onWait ?? (() => undefined),
      reportIntervalMs: options.reportIntervalMs ?? REPORT_INTERVAL_MS_DEFAULT,
      waitLimitMs: options.waitLimitMs ?? WAIT_LIMIT_MS_DEFAULT,
    };
    return await withMigrationLock(client, wait, async () => {
      const apply = (): Promise<readonly string[]> =>
        applyPending(client, files, {
          clock,
          appliedBy: `${options.appliedBy} on ${hostname()}`,
          onApplied: options.onApplied ?? (() => undefined),
        });
      // Where there is nothing to do, a start does not wait for a copy that takes an hour.
      const pending = pendingMigrations(files, await readLedger(client));
      const applied =
        pending.length === 0 ? await apply() : await withoutDumps(client, wait, apply);
      if (options.directory === undefined) await installJobQueue(database);
      return applied;
    });
  });
}

interface ApplyPendingOptions {
  readonly clock: Clock;
  readonly appliedBy: string;
  readonly onApplied: (migration: { readonly version: string; readonly tookMs: number }) => void;
}

/** What must be done under the lock. Apart from it, so that a test can show what happens without. */
export async function applyPending(
  client: PoolClient,
  files: readonly MigrationFile[],
  options: ApplyPendingOptions,
): Promise<readonly string[]> {
  const applied = await readLedger(client);
  const pending = pendingMigrations(files, applied);
  if (applied.length === 0) {
    await assertNotHalfRestored(client);
    await createLedger(client);
  }
  for (const file of pending) {
    const tookMs = await applyMigration(client, file, options);
    options.onApplied({ version: file.version, tookMs });
  }
  return pending.map(({ version }) => version);
}

/** The ledger is what a restore fills last (dump/load-dump.ts). */
async function assertNotHalfRestored(client: PoolClient): Promise<void> {
  const { rows } = await client.query<{ half: boolean }>(
    "select to_regclass('schema_migrations') is not null and to_regclass('accounts') is not null as half",
  );
  if (rows[0]?.half !== true) return;
  throw new AppError(
    "migration_failed",
    "the database was being restored from a backup, and that was broken off: restore the backup into another empty database, or drop this one and make it anew first",
  );
}

/** How a database stands to the files of this program. */
export interface MigrationStatus {
  readonly applied: readonly AppliedMigration[];
  /** Versions still to be applied, in order. */
  readonly pending: readonly string[];
  /** Why migrating would be refused. Undefined: it would not. */
  readonly problem: unknown;
}

/** Looks and changes nothing. */
export async function migrationStatus(
  database: Pick<Database, "pool" | "where">,
  directory: string = MIGRATIONS_DIRECTORY,
): Promise<MigrationStatus> {
  const files = readMigrationFiles(directory);
  try {
    const applied = await readLedger(database.pool);
    try {
      const pending = pendingMigrations(files, applied).map(({ version }) => version);
      return { applied, pending, problem: undefined };
    } catch (problem) {
      return { applied, pending: [], problem };
    }
  } catch (error) {
    throw appErrorFromPostgres(error, database.where);
  }
}

/** A session of its own, without time limits, closed afterwards: what it was set to must not meet anybody else. */
async function withPinnedSession<T>(
  database: Pick<Database, "pool" | "where">,
  work: (client: PoolClient) => Promise<T>,
): Promise<T> {
  try {
    const client = await database.pool.connect();
    try {
      await withoutTimeLimits(client);
      return await work(client);
    } finally {
      client.release(true);
    }
  } catch (error) {
    throw appErrorFromPostgres(error, database.where);
  }
}
