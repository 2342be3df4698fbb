// A PostgreSQL as it is when it has run for a day, and not as it is when it was just filled.

import type { Database } from "@truechimer/database";
import type { PoolSize } from "./pool-size.ts";
import { STATEMENT_LOG } from "./statement-times.ts";

/** Durable as shipped. What differs from the defaults is memory, and that no checkpoint falls into a measurement. */
export function settingsOf({ sharedBuffers }: PoolSize): Readonly<Record<string, string>> {
  return {
    shared_buffers: sharedBuffers,
    max_wal_size: "16GB",
    checkpoint_timeout: "30min",
    // As many files of the write-ahead log as a run writes stay for being written again.
    min_wal_size: "2GB",
    shared_preload_libraries: "pg_stat_statements",
    "pg_stat_statements.track_utility": "on",
    ...STATEMENT_LOG,
  };
}

/** What every call touches is in memory, as in a pool that has run for a day: all assignments with their turns. */
export async function warmPool({ pool }: Database): Promise<void> {
  await pool.query("create extension if not exists pg_prewarm");
  await pool.query(
    `select sum(pg_prewarm(c.oid)) from pg_class c
     where c.relname in ('server_scores', 'check_turns')
       or c.oid in (select indexrelid from pg_index where indrelid in ('server_scores'::regclass, 'check_turns'::regclass))`,
  );
}

/**
 * The write-ahead log of a server that runs writes over its old files. Making a new one, 16 MB of zeros, keeps a commit
 * waiting for as long as a disk takes for that.
 */
export async function fillLogFiles({ pool }: Database): Promise<void> {
  for (;;) {
    const { rows } = await pool.query<{ readonly files: number }>(
      "select count(*)::int as files from pg_ls_waldir()",
    );
    if ((rows[0]?.files ?? 0) >= LOG_FILES) return;
    await pool.query("select pg_logical_emit_message(false, 'bench', ''), pg_switch_wal()");
  }
}

/** A gigabyte: of version 5 a run at full speed writes a third of it. */
const LOG_FILES = 64;
