// A pool in the database as if it had run for days: set-based, with the ids of monitors, servers and assignments known by
// their numbers. Made once; a second run finds it.

import { type Database, maintainPartitions } from "@truechimer/database";
import {
  ACTIVE_MONITORS,
  AGENTS_MAX,
  HISTORY_DAYS,
  HOPELESS_SHARE,
  type PoolSize,
  TESTING_MONITORS,
} from "./pool-size.ts";
import { fillLogFiles } from "./settled-postgres.ts";

const DAY_SECONDS = 86_400;
/** A slice of assignments that one statement makes, so that progress shows. */
const SERVERS_A_STATEMENT = 1_000;

export interface PlantOptions {
  readonly size: PoolSize;
  readonly monitorDomain: string;
  readonly log: (line: string) => void;
}

export function monitorTlsName(monitor: number, monitorDomain: string): string {
  return `m${String(monitor).padStart(4, "0")}-1234567.prod.${monitorDomain}`;
}

/** Nothing when the pool is there already. Statements of hours are not limited. */
export async function plantPool(database: Database, options: PlantOptions): Promise<void> {
  const { size, log } = options;
  const client = await database.pool.connect();
  const run = async (text: string, values: readonly unknown[] = []): Promise<void> => {
    await client.query(text, [...values]);
  };
  try {
    const { rows } = await client.query<{ planted: boolean }>(
      "select exists (select from system_settings where key = 'bench.planted') as planted",
    );
    if (rows[0]?.planted === true) return;
    // Foreign keys hold by the way the rows are made; asking for each of 10 million pairs takes longer than all the rest.
    await run("set session_replication_role = replica");
    await run("set statement_timeout = 0; set synchronous_commit = off");
    await run("set maintenance_work_mem = '1GB'");
    log(`planting ${size.monitors} monitors and ${size.servers} servers`);
    await plantMonitors(run, options);
    await plantServers(run, options);
    for (let first = 1; first <= size.servers; first += SERVERS_A_STATEMENT) {
      const last = Math.min(size.servers, first + SERVERS_A_STATEMENT - 1);
      log(`planting the assignments of servers ${first} to ${last}`);
      await plantAssignments(run, size, first, last);
    }
    log("planting their turns");
    await plantTurns(run);
    await plantHistory(run, options);
    await run("insert into system_settings (key, value) values ('bench.planted', '{}')");
  } finally {
    client.release(true);
  }
  await maintainPartitions(database);
  log("vacuum and analyze");
  const vacuum = await database.pool.connect();
  await vacuum.query("set statement_timeout = 0");
  await vacuum.query("vacuum (analyze) server_scores");
  await vacuum.query("analyze");
  vacuum.release(true);
}

type Run = (text: string, values?: readonly unknown[]) => Promise<void>;

async function plantMonitors(run: Run, { size, monitorDomain }: PlantOptions): Promise<void> {
  await run(
    `insert into monitors (id_token, hostname, ip, ip_version, status, tls_name, client_version)
     select 'm' || i, 'm' || i, ('198.19.' || (i >> 8) || '.' || (i & 255))::inet, 'v4', 'active',
       'm' || lpad(i::text, 4, '0') || '-1234567.prod.' || $2, 'v4.1.5'
     from generate_series(1, $1::int) i`,
    [size.monitors, monitorDomain],
  );
}

async function plantServers(run: Run, { size }: PlantOptions): Promise<void> {
  await run(
    `insert into servers (name, ip, ip_version, stratum, score_raw)
     select 's' || i, ('198.18.' || (i >> 8) || '.' || (i & 255))::inet, 'v4', 2, 19
     from generate_series(1, $1::int) i`,
    [size.servers],
  );
}

/** Who is active for a server goes round; all others are candidates. */
async function plantAssignments(
  run: Run,
  { monitors }: PoolSize,
  first: number,
  last: number,
): Promise<void> {
  await run(
    `insert into server_scores (server_id, monitor_id, status, score_raw, stratum, score_ts, offset_ns,
       bound_ns, rtt_ns, leap, last_answer_ts, answer_offset_ns, answer_bound_ns)
     select s, m,
       case when (s * 7 + m) % $1 < ${ACTIVE_MONITORS} then 'active'
         when (s * 7 + m) % $1 < ${ACTIVE_MONITORS + TESTING_MONITORS} then 'testing' else 'candidate' end,
       case when s % 100 < ${HOPELESS_SHARE * 100} then -100 else 19.5 end, 2, now() - interval '1 hour',
       1000000, 2000000, 5000000, 0, now() - interval '1 hour', 1000000, 2000000
     from generate_series($2::int, $3::int) s, generate_series(1, $1::int) m
     order by s, m`,
    [monitors, first, last],
  );
}

/** Each was visited longer ago than the longest interval. */
async function plantTurns(run: Run): Promise<void> {
  await run(
    `insert into check_turns (monitor_id, server_id, queue_ts, pace)
     select monitor_id, server_id, now() - (2 + 2 * random()) * interval '1 hour' as queue_ts, pace_of(status, score_raw) as pace
     from server_scores order by monitor_id, pace, queue_ts`,
  );
}

/** Days are made whole and attached then: an index that is built is smaller and sooner there than one that grows. */
async function plantHistory(run: Run, { size, log }: PlantOptions): Promise<void> {
  const rowsADay = Math.floor(size.historyRows / HISTORY_DAYS);
  for (let back = HISTORY_DAYS - 1; back >= 0; back -= 1) {
    const midnightMs = (Math.floor(Date.now() / 1_000 / DAY_SECONDS) - back) * DAY_SECONDS * 1_000;
    const day = new Date(midnightMs).toISOString().slice(0, 10);
    const next = new Date(midnightMs + DAY_SECONDS * 1_000).toISOString().slice(0, 10);
    const name = `log_scores_${day.replaceAll("-", "")}`;
    log(`planting ${rowsADay} results of ${day}`);
    await run(`create table ${name} (like log_scores including defaults including comments)`);
    // Of today, up to now.
    const seconds = back === 0 ? (Date.now() - midnightMs) / 1_000 - 60 : DAY_SECONDS;
    await run(
      `insert into ${name} (ts, server_id, monitor_id, score_before, step, score, rule, offset_ns, bound_ns, rtt_ns,
         stratum, leap, samples_sent, samples_answered)
       select '${day}T00:00:00Z'::timestamptz + make_interval(secs => (i - 1) * $2::float8 / $1),
         1 + abs(hashint8(i)::bigint) % $3, 1 + i % $4,
         19.5, 1, 19.525, 'step/1/good', 1000000, 2000000, 5000000, 2, 0, 0, 0
       from generate_series(1::bigint, $1::bigint) i`,
      [rowsADay, Math.max(1, seconds), size.servers, size.monitors],
    );
    log(`indexing ${day}`);
    await run(`alter table ${name} add primary key (ts, id)`);
    await run(`create index on ${name} (server_id, ts)`);
    await run(
      `create index on ${name} using brin (id) with (pages_per_range = 32, autosummarize = on)`,
    );
    await run(
      `alter table log_scores attach partition ${name} for values from ('${day}T00:00:00Z') to ('${next}T00:00:00Z')`,
    );
  }
}

/**
 * Before a measurement: everything is due, also what the one before was handed; part of the servers was scored a moment
 * ago, as in a pool that runs; and every page of the assignments was written since the last checkpoint, as in the middle of
 * the time between two.
 */
export async function armPool(database: Database, size: PoolSize): Promise<void> {
  const client = await database.pool.connect();
  try {
    await client.query("set statement_timeout = 0; set synchronous_commit = off");
    await client.query(
      "update servers set score_ts = now() - random() * make_interval(secs => $1)",
      [(2 * size.probe.serverIntervalMs) / 1_000],
    );
    await client.query(
      "update check_turns set queue_ts = queue_ts - interval '4 hours' where monitor_id <= $1 and queue_ts > now() - interval '1 hour'",
      [AGENTS_MAX],
    );
    await client.query("vacuum check_turns");
    await fillLogFiles(database);
    await client.query("checkpoint");
    // About two dozen rows a page; a column without an index, so that nothing but the page is written.
    await client.query("update server_scores set leap = leap where id % 20 = 0");
  } finally {
    client.release(true);
  }
}
