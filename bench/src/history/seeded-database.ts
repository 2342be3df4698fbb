// A PostgreSQL of its own with results of the last fifteen days, as a fleet of 500 servers and 40 monitors leaves them:
// kept outside of the repository for the next run, and made anew when its newest results are no longer of today.

import { join } from "node:path";
import {
  createDatabase,
  createEmbeddedPostgres,
  type Database,
  maintainPartitions,
  migrate,
} from "@truechimer/database";
import { keptDirectory } from "../kept-directory.ts";

export const SERVERS = 500;
export const MONITORS = 40;
export const DAYS = 15;
const DAY_MS = 86_400_000;
/** Since the data were made: beyond it the hot window would be too empty. */
const AGE_MS_MAX = 6 * 3_600_000;

export interface SeededDatabase extends AsyncDisposable {
  readonly database: Database;
  /** Outside of the repository, kept like the data. */
  readonly directory: string;
}

export async function openSeededDatabase(
  rows: number,
  log: (line: string) => void,
): Promise<SeededDatabase> {
  await using opening = new AsyncDisposableStack();
  const directory = await keptDirectory(`history-${rows}`);
  const postgres = opening.use(
    await createEmbeddedPostgres({ preferredDir: join(directory, "postgres"), say: log }),
  );
  const database = opening.use(
    await createDatabase({
      url: postgres.url,
      applicationName: "truechimer bench",
      statementTimeoutMs: 0,
    }),
  );
  await migrate(database, { appliedBy: "bench" });
  if (!(await isFresh(database))) await seed(database, rows, log);
  const opened = opening.move();
  return { database, directory, [Symbol.asyncDispose]: async () => await opened.disposeAsync() };
}

async function isFresh({ pool }: Database): Promise<boolean> {
  const { rows } = await pool.query<{ made_ms: number }>(
    "select (value ->> 'made_ms')::float8 as made_ms from system_settings where key = 'bench.seeded'",
  );
  return Date.now() - (rows[0]?.made_ms ?? 0) < AGE_MS_MAX;
}

/** Days are made whole and attached then: an index that is built is sooner there than one that grows. */
async function seed(database: Database, rows: number, log: (line: string) => void): Promise<void> {
  const { pool } = database;
  const nowMs = Date.now();
  const { rows: old } = await pool.query<{ name: string }>(
    `select inhrelid::regclass::text as name from pg_inherits
     where inhparent = 'log_scores'::regclass and inhrelid <> 'log_scores_default'::regclass`,
  );
  for (const { name } of old) await pool.query(`drop table ${name}`);
  await pool.query("delete from system_settings where key = 'bench.seeded'");
  const startMs = nowMs - DAYS * DAY_MS;
  const perMs = rows / (DAYS * DAY_MS);
  for (let dayMs = startMs - (startMs % DAY_MS); dayMs < nowMs; dayMs += DAY_MS) {
    const first = Math.ceil(Math.max(0, dayMs - startMs) * perMs);
    const end = Math.ceil(Math.min(DAYS * DAY_MS, dayMs + DAY_MS - startMs) * perMs);
    await seedDay(database, { dayMs, startMs, perMs, first, end, log });
  }
  await pool.query("select setval('log_scores_id_seq', $1)", [rows + 1]);
  await maintainPartitions(database);
  log("vacuum and analyze");
  await pool.query("vacuum (freeze, analyze) log_scores");
  await pool.query(
    "insert into system_settings (key, value) values ('bench.seeded', jsonb_build_object('made_ms', $1::float8))",
    [nowMs],
  );
  await pool.query("checkpoint");
}

async function seedDay(
  { pool }: Database,
  day: {
    readonly dayMs: number;
    readonly startMs: number;
    readonly perMs: number;
    readonly first: number;
    readonly end: number;
    readonly log: (line: string) => void;
  },
): Promise<void> {
  const from = new Date(day.dayMs).toISOString();
  const to = new Date(day.dayMs + DAY_MS).toISOString();
  const name = `log_scores_${from.slice(0, 10).replaceAll("-", "")}`;
  day.log(`${day.end - day.first} results of ${from.slice(0, 10)}`);
  await pool.query(`create table ${name} (like log_scores including defaults including comments)`);
  await pool.query(SEED.replace("log_scores", name), [
    day.first,
    day.end,
    day.startMs / 1_000,
    1 / (day.perMs * 1_000),
  ]);
  await pool.query(
    `alter table log_scores attach partition ${name} for values from ('${from}') to ('${to}')`,
  );
}

/** From the first number (included) to the second one (excluded), so many seconds apart. */
const SEED = `
  insert into log_scores (id, ts, server_id, monitor_id, score_before, step, score, rule, offset_ns, bound_ns, rtt_ns, stratum,
    leap, reason, no_response, samples_sent, samples_answered, has_evidence)
  select n + 1, to_timestamp($3::float8 + n * $4::float8), 1 + (n * 7919) % ${SERVERS}, 1 + (n * 104729) % ${MONITORS}, 20,
    case when n % 50 = 0 then -5 else 1 end, 20 - n % 13, 'ntp_pool_step/1/offset',
    case when n % 50 = 0 then null else (n * 7907) % 4000000 - 2000000 end, 1000000 + n % 100000,
    case when n % 50 = 0 then null else 10000000 + (n * 7717) % 90000000 end, 2, 0, case when n % 50 = 0 then 'timeout' end,
    n % 50 = 0, 3, 3, true
  from generate_series($1::bigint, $2::bigint - 1) n`;
