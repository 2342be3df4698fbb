// One file, one transaction, with its row in the ledger: either both are there or neither.

import { AppError, type Clock } from "@truechimer/base";
import type { ClientBase } from "pg";
import { appErrorFromPostgres } from "../postgres-error.ts";
import type { MigrationFile } from "./migration-file.ts";

/** What the ledger says of the application beside the file itself. */
export interface ApplyOptions {
  readonly clock: Clock;
  readonly appliedBy: string;
}

const NS_PER_MS = 1e6;

/** Returns how long it took, in milliseconds. Fails with migration_failed, and leaves nothing of the file behind. */
export async function applyMigration(
  client: ClientBase,
  file: MigrationFile,
  { clock, appliedBy }: ApplyOptions,
): Promise<number> {
  const beganNs = clock.monotonicNs();
  await client.query("begin");
  try {
    // First the ledger: without the lock, a second migrator would fail here and not in the middle of the file.
    await client.query(
      "insert into schema_migrations (version, checksum, execution_ms, applied_by) values ($1, $2, 0, $3)",
      [file.version, file.checksum, appliedBy],
    );
    await client.query(file.sql);
    const tookMs = Number(clock.monotonicNs() - beganNs) / NS_PER_MS;
    await client.query("update schema_migrations set execution_ms = $2 where version = $1", [
      file.version,
      tookMs,
    ]);
    await client.query("commit");
    return tookMs;
  } catch (error) {
    await client.query("rollback").catch(() => undefined);
    throw migrationError(file, error);
  }
}

function migrationError(file: MigrationFile, error: unknown): unknown {
  const coded = appErrorFromPostgres(error);
  if (coded instanceof AppError) return coded;
  return new AppError(
    "migration_failed",
    `migration ${file.version} failed${lineOf(file, error)} and changed nothing: correct its cause, then start again`,
    { cause: error },
  );
}

/** PostgreSQL gives the place as a count of characters from the start. */
function lineOf(file: MigrationFile, error: unknown): string {
  if (!(error instanceof Error) || !("position" in error)) return "";
  const position = Number(error.position);
  if (!Number.isInteger(position)) return "";
  return ` at line ${
    Array.from(file.sql)
      .slice(0, position)
      .filter((letter) => letter === "\n").length + 1
  }`;
}
