// What a measurement cost: processor time by part, statements, write-ahead log, deadlocks. Read before and after.

import { readdirSync, readFileSync } from "node:fs";
import type { Database } from "@truechimer/database";

export interface Counters {
  readonly serverCpuUs: number;
  readonly databaseCpuUs: number;
  readonly loadCpuUs: number;
  readonly statements: number;
  readonly walBytes: number;
  readonly walPageImages: number;
  readonly commits: number;
  readonly deadlocks: number;
}

const TICK_US = 10_000;

export interface CountersSource {
  readonly database: Database;
  readonly postmasterPid: number;
  readonly serverCpuUs: () => Promise<number>;
}

export async function readCounters(source: CountersSource): Promise<Counters> {
  const { user, system } = process.cpuUsage();
  const { rows } = await source.database.pool.query<{
    statements: number;
    wal: number;
    images: number;
    commits: number;
    deadlocks: number;
  }>(
    `select (select sum(calls)::float8 from pg_stat_statements) as statements,
       pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8 as wal,
       (select wal_fpi::float8 from pg_stat_wal) as images,
       d.xact_commit::float8 as commits, d.deadlocks::float8 as deadlocks
     from pg_stat_database d where datname = current_database()`,
  );
  const [row] = rows;
  return {
    serverCpuUs: await source.serverCpuUs(),
    databaseCpuUs: cpuOfFamily(source.postmasterPid),
    loadCpuUs: user + system,
    statements: row?.statements ?? 0,
    walBytes: row?.wal ?? 0,
    walPageImages: row?.images ?? 0,
    commits: row?.commits ?? 0,
    deadlocks: row?.deadlocks ?? 0,
  };
}

export function difference(after: Counters, before: Counters): Counters {
  return {
    serverCpuUs: after.serverCpuUs - before.serverCpuUs,
    databaseCpuUs: after.databaseCpuUs - before.databaseCpuUs,
    loadCpuUs: after.loadCpuUs - before.loadCpuUs,
    statements: after.statements - before.statements,
    walBytes: after.walBytes - before.walBytes,
    walPageImages: after.walPageImages - before.walPageImages,
    commits: after.commits - before.commits,
    deadlocks: after.deadlocks - before.deadlocks,
  };
}

/** The postmaster, its children, and those children that have ended. */
function cpuOfFamily(postmasterPid: number): number {
  let ticks = 0;
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const fields = statOf(Number(name));
    const isPostmaster = Number(name) === postmasterPid;
    if (!isPostmaster && Number(fields[1]) !== postmasterPid) continue;
    ticks += Number(fields[11]) + Number(fields[12]);
    if (isPostmaster) ticks += Number(fields[13]) + Number(fields[14]);
  }
  return ticks * TICK_US;
}

/** From the state on: the program's name before it may hold anything. */
function statOf(pid: number): readonly string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    // It has ended since it was listed.
    return [];
  }
}
