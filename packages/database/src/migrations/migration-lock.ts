// One migrator at a time, over all replicas: an advisory lock of the session that also does the work, so that a killed
// migrator frees it. A connection pooler that shares sessions between transactions would break this; migrate past it.

import { createHash } from "node:crypto";
import { AppError, type Clock } from "@truechimer/base";
import type { ClientBase } from "pg";
import { sqlStateOf } from "../postgres-error.ts";

/** Who holds the lock, as PostgreSQL sees it. */
export interface LockHolder {
  readonly pid: number;
  readonly applicationName: string;
  /** Host and user of its connection, "local" for a socket. */
  readonly client: string;
  /** Since when its session exists. */
  readonly connectedAt: string;
}

/** How long to wait for another migrator, and whom to tell. */
export interface LockWaitOptions {
  readonly clock: Clock;
  /** Told at once when the lock is not free, and again at each interval. */
  readonly onWait: (holders: readonly LockHolder[]) => void;
  /** How often to say that we still wait. */
  readonly reportIntervalMs: number;
  /** Then database_busy. */
  readonly waitLimitMs: number;
}

const LOCK_NOT_AVAILABLE = "55P03";

/**
 * The rule for lock ids: the first 8 bytes of SHA-256 of "truechimer:" and the name, as a signed big-endian number.
 * Every advisory lock of the product gets its id so; no two names in use may meet, which a test checks.
 */
export function advisoryLockId(name: AdvisoryLockName): bigint {
  const digest = createHash("sha256").update(`truechimer:${name}`).digest();
  return digest.readBigInt64BE(0);
}

/** Every name that the product locks by. */
export const ADVISORY_LOCK_NAMES = [
  "migrations",
  // Held by whoever copies the database, so that nobody changes its schema meanwhile.
  "dump",
  "partitions",
  "monitor_standings",
  "authorities",
  "registrations",
  // Held by whoever sends results to the archive.
  "archive",
] as const;

type AdvisoryLockName = (typeof ADVISORY_LOCK_NAMES)[number];

/** Runs `work` while `client`'s session holds the lock of those who migrate. */
export async function withMigrationLock<T>(
  client: ClientBase,
  options: LockWaitOptions,
  work: () => Promise<T>,
): Promise<T> {
  return await withLock(client, "migrations", options, work);
}

/** Runs `work` while nobody copies the database. Only called with the migration lock held. */
export async function withoutDumps<T>(
  client: ClientBase,
  options: LockWaitOptions,
  work: () => Promise<T>,
): Promise<T> {
  return await withLock(client, "dump", options, work);
}

async function withLock<T>(
  client: ClientBase,
  name: AdvisoryLockName,
  options: LockWaitOptions,
  work: () => Promise<T>,
): Promise<T> {
  const id = advisoryLockId(name);
  await takeLock(client, id, options);
  try {
    return await work();
  } finally {
    // A session that broke has freed the lock already.
    await client.query("select pg_advisory_unlock($1)", [id]).catch(() => undefined);
  }
}

async function takeLock(client: ClientBase, id: bigint, options: LockWaitOptions): Promise<void> {
  const { rows } = await client.query<{ free: boolean }>(
    "select pg_try_advisory_lock($1) as free",
    [id],
  );
  if (rows[0]?.free === true) return;
  const endNs = options.clock.monotonicNs() + BigInt(options.waitLimitMs) * 1_000_000n;
  // PostgreSQL does the waiting, in order of arrival; its own time limit lets us speak in between.
  await client.query("select set_config('lock_timeout', $1, false)", [
    String(options.reportIntervalMs),
  ]);
  for (;;) {
    const holders = await readHolders(client, id);
    if (options.clock.monotonicNs() >= endNs) throw waitedTooLong(holders, options.waitLimitMs);
    if (holders.length > 0) options.onWait(holders);
    try {
      await client.query("select pg_advisory_lock($1)", [id]);
      break;
    } catch (error) {
      if (sqlStateOf(error) !== LOCK_NOT_AVAILABLE) throw error;
    }
  }
  await client.query("select set_config('lock_timeout', '0', false)");
}

/** pg_locks gives an advisory lock's bigint as two halves, classid and objid. */
async function readHolders(client: ClientBase, id: bigint): Promise<readonly LockHolder[]> {
  const { rows } = await client.query<{
    pid: number;
    application_name: string;
    client: string;
    connected_at: string;
  }>(
    `select a.pid, a.application_name,
            coalesce(a.usename, '?') || '@' || coalesce(host(a.client_addr), 'local') as client,
            to_char(a.backend_start at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as connected_at
       from pg_locks l
       join pg_stat_activity a on a.pid = l.pid
      where l.locktype = 'advisory' and l.granted and l.objsubid = 1
        and l.database = (select oid from pg_database where datname = current_database())
        and l.classid = (($1::bigint >> 32) & 4294967295)::oid
        and l.objid = ($1::bigint & 4294967295)::oid`,
    [id],
  );
  return rows.map((row) => ({
    pid: row.pid,
    applicationName: row.application_name,
    client: row.client,
    connectedAt: row.connected_at,
  }));
}

/** "truechimer server on host-2 (process 4711 of truechimer@10.0.0.7, connected 2026-03-01T12:00:00Z)". */
export function describeHolders(holders: readonly LockHolder[]): string {
  if (holders.length === 0) return "nobody any more";
  return holders
    .map(
      ({ applicationName, pid, client, connectedAt }) =>
        `${applicationName === "" ? "an unnamed program" : applicationName} (process ${pid} of ${client}, connected ${connectedAt})`,
    )
    .join(", ");
}

function waitedTooLong(holders: readonly LockHolder[], waitLimitMs: number): AppError {
  return new AppError(
    "database_busy",
    `the migration lock was not free within ${waitLimitMs} ms: held by ${describeHolders(holders)}; end that session with pg_terminate_backend, or wait for it`,
  );
}
