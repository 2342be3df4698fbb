// How long PostgreSQL takes to execute each kind of statement, from its own log: some of them are noted with their
// duration while a load goes on.

import type { Database } from "@truechimer/database";
import { type Spread, spreadOf } from "../statistics.ts";

export interface StatementTimes {
  /** As it is prepared. */
  readonly name: string;
  /** That were noted. */
  readonly noted: number;
  readonly ms: Spread;
}

/** To be given when PostgreSQL is started. */
export const STATEMENT_LOG: Readonly<Record<string, string>> = {
  logging_collector: "on",
  log_destination: "jsonlog",
  log_directory: "log",
  log_rotation_size: "0",
  log_parameter_max_length: "0",
};

/** One of so many is noted: all would cost what is measured. */
const NOTED_SHARE = 0.2;
/** A kind that was noted less often has no 99th percentile. */
const NOTED_MIN = 100;

/** Those of the prepared kinds that `load` leads to, the longest first. */
export async function timeStatements(
  { pool }: Database,
  load: () => Promise<unknown>,
): Promise<readonly StatementTimes[]> {
  const before = await logSize(pool);
  await note(pool, NOTED_SHARE);
  try {
    await load();
  } finally {
    await note(pool, 0);
  }
  const { rows } = await pool.query<{ readonly text: string }>(
    "select pg_read_file(pg_current_logfile('jsonlog'), $1::bigint, 1000000000) as text",
    [before],
  );
  const times = new Map<string, number[]>();
  for (const line of (rows[0]?.text ?? "").split("\n")) {
    const [, ms, name] = EXECUTED.exec(line) ?? [];
    if (ms === undefined || name === undefined) continue;
    const ofName = times.get(name) ?? [];
    ofName.push(Number(ms));
    times.set(name, ofName);
  }
  return [...times]
    .filter(([, each]) => each.length >= NOTED_MIN)
    .map(([name, each]) => ({ name, noted: each.length, ms: spreadOf(each) }))
    .toSorted((a, b) => b.ms.p50 - a.ms.p50);
}

const EXECUTED = /duration: ([\d.]+) ms {2}execute (\w+):/;

async function note(pool: Database["pool"], share: number): Promise<void> {
  await pool.query(`alter system set log_statement_sample_rate = ${share}`);
  await pool.query(`alter system set log_min_duration_sample = ${share > 0 ? 0 : -1}`);
  await pool.query("select pg_reload_conf()");
}

async function logSize(pool: Database["pool"]): Promise<string> {
  const { rows } = await pool.query<{ readonly size: string }>(
    "select size::text from pg_stat_file(pg_current_logfile('jsonlog'))",
  );
  return rows[0]?.size ?? "0";
}
