// The ledger says what this database has had: one row per file, written in the transaction that applies the file.

import { AppError } from "@truechimer/base";
import type { ClientBase } from "pg";
import type { Timestamptz } from "../timestamptz.ts";
import type { MigrationFile } from "./migration-file.ts";

/** A row of the ledger. */
export interface AppliedMigration {
  readonly version: string;
  readonly appliedAt: Timestamptz;
  readonly checksum: string;
  readonly executionMs: number;
  /** Program, version and host. */
  readonly appliedBy: string;
}

/** Only called with the migration lock held: `if not exists` alone does not survive two at once. */
export async function createLedger(client: ClientBase): Promise<void> {
  await client.query(`
    create table if not exists schema_migrations (
      version text primary key,
      applied_at timestamptz not null default now(),
      checksum text not null,
      execution_ms double precision not null,
      applied_by text not null
    );
    comment on table schema_migrations is 'Migrations that this database has had. Written by the migration runner alone.';
    comment on column schema_migrations.version is 'Name of the file, without its ending.';
    comment on column schema_migrations.applied_at is 'When its transaction began; database clock.';
    comment on column schema_migrations.checksum is 'SHA-256 of the file''s text, in hex; line ends as LF.';
    comment on column schema_migrations.execution_ms is 'How long the file ran, in milliseconds.';
    comment on column schema_migrations.applied_by is 'Program, version and host that applied it.';
  `);
}

/** In order of application. Empty for a database that has no ledger. */
export async function readLedger(
  client: Pick<ClientBase, "query">,
): Promise<readonly AppliedMigration[]> {
  if (!(await hasLedger(client))) return [];
  const { rows } = await client.query<{
    version: string;
    applied_at: Timestamptz;
    checksum: string;
    execution_ms: number;
    applied_by: string;
  }>(
    "select version, applied_at, checksum, execution_ms, applied_by from schema_migrations order by version",
  );
  return rows.map((row) => ({
    version: row.version,
    appliedAt: row.applied_at,
    checksum: row.checksum,
    executionMs: row.execution_ms,
    appliedBy: row.applied_by,
  }));
}

const LEDGER_COLUMNS = ["applied_at", "applied_by", "checksum", "execution_ms", "version"];

/** Other programs use the same name; theirs is neither read nor written. */
async function hasLedger(client: Pick<ClientBase, "query">): Promise<boolean> {
  const { rows } = await client.query<{ attname: string }>(
    `select attname::text from pg_attribute
      where attrelid = to_regclass('schema_migrations') and attnum > 0 and not attisdropped`,
  );
  if (rows.length === 0) return false;
  const columns = new Set(rows.map(({ attname }) => attname));
  if (LEDGER_COLUMNS.every((column) => columns.has(column))) return true;
  throw new AppError(
    "migration_failed",
    "the database has a table schema_migrations of another program: give Truechimer a database of its own",
  );
}

/** The files still to be applied. Fails when files and ledger do not tell the same story. */
export function pendingMigrations(
  files: readonly MigrationFile[],
  applied: readonly Pick<AppliedMigration, "version" | "checksum">[],
): readonly MigrationFile[] {
  const problem = findProblem(files, applied);
  if (problem !== undefined) throw problem;
  return files.slice(applied.length);
}

/** The ledger must be the beginning of the list of files, each unchanged. */
function findProblem(
  files: readonly MigrationFile[],
  applied: readonly Pick<AppliedMigration, "version" | "checksum">[],
): AppError | undefined {
  const known = new Map(files.map((file) => [file.version, file]));
  const newest = files.at(-1);
  for (const [index, { version, checksum }] of applied.entries()) {
    const file = known.get(version);
    if (file === undefined) {
      return newest === undefined || version > newest.version
        ? newerThanCode(version, newest?.version)
        : changed(`migration ${version} was applied to this database, but its file is gone`);
    }
    if (file.checksum !== checksum) {
      return changed(
        `migration ${version} was edited after it was applied (its checksum is ${short(file.checksum)}, the ledger has ${short(checksum)})`,
      );
    }
    const expected = files[index];
    if (expected?.version !== version) {
      return changed(
        `migration ${expected?.version ?? "?"} is not applied although the later ${version} is`,
      );
    }
  }
  return undefined;
}

function changed(what: string): AppError {
  return new AppError(
    "migration_changed",
    `${what}: restore the file as it was released, and put what is new into a new file`,
  );
}

function newerThanCode(version: string, newest: string | undefined): AppError {
  return new AppError(
    "migration_newer_than_code",
    `the database has migration ${version}, and this program knows none after ${newest ?? "the empty database"}: run the newer release, or restore the backup from before its migration`,
  );
}

const SHORT_DIGITS = 12;

function short(checksum: string): string {
  return checksum.slice(0, SHORT_DIGITS);
}
