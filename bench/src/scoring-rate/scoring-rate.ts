// Scenario scoring-rate: how many results a second the scorers take, with everything that follows from a result (history of
// the scores, sums, verdict), from a backlog as of some hours of a pool; and how far behind they are when results come at a
// pace. PostgreSQL, durable, on the same cores.

import { loadavg } from "node:os";
import { join } from "node:path";
import {
  createDatabase,
  createEmbeddedPostgres,
  type Database,
  migrate,
} from "@truechimer/database";
import { AGENT_SETTINGS, scorerLag } from "@truechimer/server";
import { keptDirectory } from "../kept-directory.ts";
import { startMeasuredProcess } from "../measured-process.ts";
import { type Counters, difference, readCounters } from "../pool-scale/costs.ts";
import { plantPool } from "../pool-scale/plant-pool.ts";
import { POOL_SIZES, type PoolSize } from "../pool-scale/pool-size.ts";
import { fillLogFiles, settingsOf } from "../pool-scale/settled-postgres.ts";
import type { ResultRow, Scenario, ScenarioOptions } from "../scenario.ts";
import { isWanted } from "../scenario.ts";
import { addResults, secondsOf } from "./add-results.ts";
import { reportScoringRate } from "./report.ts";

const BACKLOG = 200_000;
const BACKLOG_QUICK = 60_000;
/** Results of one transaction: some dozens of submissions that arrived together. */
const RESULTS_A_TRANSACTION = 1_200;
/** The rate is taken between these shares of the backlog: without the start, and without the last page. */
const FROM_SHARE = 0.9;
const TO_SHARE = 0.1;
const LOOK_MS = 250;
const TIMEOUT_MS = 300_000;
const PACE = 2_000;
const PACE_SECONDS = 15;
const PACED_TRANSACTIONS_A_SECOND = 20;

interface Condition {
  readonly name: string;
  readonly title: string;
  readonly scorers: readonly string[];
  readonly processes: number;
  readonly kind: "backlog" | "paced";
}

const BOTH = ["every", "recentmedian"];
const CONDITIONS: readonly Condition[] = [
  { name: "both-2", title: "both, two processes", scorers: BOTH, processes: 2, kind: "backlog" },
  { name: "both-1", title: "both, one process", scorers: BOTH, processes: 1, kind: "backlog" },
  {
    name: "every-2",
    title: "every, two processes",
    scorers: ["every"],
    processes: 2,
    kind: "backlog",
  },
  {
    name: "recentmedian-2",
    title: "recentmedian, two processes",
    scorers: ["recentmedian"],
    processes: 2,
    kind: "backlog",
  },
  {
    name: "paced",
    title: `both at ${PACE} results a second`,
    scorers: BOTH,
    processes: 2,
    kind: "paced",
  },
];

export interface ScoringRateRow extends ResultRow {
  readonly size: string;
  readonly condition: string;
  readonly title: string;
  readonly perSecond: number;
  /** Of the samples, one each quarter of a second; of `paced` alone. */
  readonly lagSeconds?: { readonly p50: number; readonly max: number };
  readonly results: number;
  /** Of one result. */
  readonly statements: number;
  readonly walBytes: number;
  readonly scorerCpuUs: number;
  readonly databaseCpuUs: number;
  /** Of the host in the minute of the measurement; above its cores others worked, too. */
  readonly loadAverage: number;
}

export const scoringRate: Scenario = {
  name: "scoring-rate",
  summary: "results a second through the scorers, from a backlog, and their lag at 2,000 a second",
  parts: () => ({
    condition: CONDITIONS.map(({ name }) => name),
    size: POOL_SIZES.map(({ name }) => name),
  }),
  run: async (options) => {
    const rows: ScoringRateRow[] = [];
    for (const size of POOL_SIZES) {
      if (!isWanted(options.size ?? "small", size.name)) continue;
      rows.push(...(await runSize(size, options)));
    }
    return rows;
  },
  report: (rows) => reportScoringRate(rows as readonly ScoringRateRow[]),
};

interface World {
  readonly size: PoolSize;
  readonly database: Database;
  readonly url: string;
  readonly postmasterPid: number;
}

async function runSize(
  size: PoolSize,
  options: ScenarioOptions,
): Promise<readonly ScoringRateRow[]> {
  const directory = await keptDirectory(`scoring-rate-${size.name}`);
  await using postgres = await createEmbeddedPostgres({
    preferredDir: join(directory, "postgres"),
    say: options.log,
    settings: settingsOf(size),
  });
  await using database = await createDatabase({
    url: postgres.url,
    applicationName: "bench",
    poolSize: 4,
    statementTimeoutMs: 0,
  });
  await migrate(database, { appliedBy: "bench" });
  await database.pool.query("create extension if not exists pg_stat_statements");
  const { monitorDomain } = AGENT_SETTINGS;
  await plantPool(database, {
    size: { ...size, historyRows: 3_000 },
    monitorDomain,
    log: options.log,
  });
  await fillLogFiles(database);
  await database.pool.query("checkpoint");
  const world = { size, database, url: postgres.url, postmasterPid: postgres.pid };
  const rows: ScoringRateRow[] = [];
  for (const condition of CONDITIONS) {
    if (!isWanted(options.condition, condition.name)) continue;
    options.log(`${size.name}: ${condition.title}`);
    const row = await runCondition(world, condition, options);
    options.log(`${size.name}: ${condition.title}: ${Math.round(row.perSecond)} results/s`);
    rows.push(row);
  }
  return rows;
}

async function runCondition(
  world: World,
  condition: Condition,
  options: ScenarioOptions,
): Promise<ScoringRateRow> {
  const { database } = world;
  const backlog = options.quick ? BACKLOG_QUICK : BACKLOG;
  await chooseScorers(database, condition.scorers);
  const scoredBefore = await resultsScored(database);
  if (condition.kind === "backlog") await addBacklog(world, backlog);
  await database.pool.query("checkpoint");
  await using scorers = await startScorers(world.url, condition.processes);
  const source = {
    database,
    postmasterPid: world.postmasterPid,
    serverCpuUs: () => scorers.cpuUs(),
  };
  const counters = (): Promise<Counters> => readCounters(source);
  const found =
    condition.kind === "backlog"
      ? await drain(database, { backlog, scoredBefore }, counters)
      : await pace(world, condition, { options, counters });
  const { costs, results, seconds } = found;
  return {
    key: `${world.size.name} ${condition.name}`,
    measuredOn: new Date().toISOString().slice(0, 10),
    size: `${world.size.monitors} × ${world.size.servers}`,
    condition: condition.name,
    title: condition.title,
    perSecond: results / seconds,
    ...(found.lags === undefined ? {} : { lagSeconds: spread(found.lags) }),
    results,
    statements: costs.statements / results,
    walBytes: costs.walBytes / results,
    scorerCpuUs: costs.serverCpuUs / results,
    databaseCpuUs: costs.databaseCpuUs / results,
    loadAverage: loadavg()[0] ?? 0,
  };
}

async function chooseScorers(database: Database, names: readonly string[]): Promise<void> {
  await database.pool.query(
    `insert into monitors (id_token, type, hostname, status)
     select 'scorer-' || name, 'score', name, 'active' from unnest($1::text[]) as name on conflict do nothing`,
    [BOTH],
  );
  await database.pool.query(
    `update monitors set status = case when hostname = any($1) then 'active' else 'paused' end where type = 'score'`,
    [names],
  );
}

async function addBacklog({ size, database }: World, results: number): Promise<void> {
  const span = secondsOf(size, results);
  for (let done = 0; done < results; done += RESULTS_A_TRANSACTION) {
    const count = Math.min(RESULTS_A_TRANSACTION, results - done);
    await addResults(database, {
      size,
      count,
      firstAgoSeconds: span * (1 - done / results),
      lastAgoSeconds: span * (1 - (done + count) / results),
    });
  }
  await database.pool.query("analyze log_scores");
}

interface Found {
  readonly results: number;
  readonly seconds: number;
  readonly costs: Counters;
  readonly lags?: readonly number[];
}

async function drain(
  database: Database,
  { backlog, scoredBefore }: { readonly backlog: number; readonly scoredBefore: number },
  counters: () => Promise<Counters>,
): Promise<Found> {
  const left = async (): Promise<number> =>
    backlog + scoredBefore - (await resultsScored(database));
  let results = await waitFor(left, backlog * FROM_SHARE);
  const startedAt = performance.now();
  const before = await counters();
  const rest = await waitFor(left, backlog * TO_SHARE);
  const seconds = (performance.now() - startedAt) / 1_000;
  const costs = difference(await counters(), before);
  results -= rest;
  await waitFor(left, 0);
  return { results, seconds, costs };
}

/** By the sums that the scorers keep: a look at them costs next to nothing beside what is measured. */
async function resultsScored({ pool }: Database): Promise<number> {
  const { rows } = await pool.query<{ scored: number }>(
    "select coalesce(sum(checks), 0)::float8 as scored from server_slots",
  );
  return rows[0]?.scored ?? 0;
}

/** Shards that no process has, or has beyond its share: who joins is handed some, which wait for its next look, 3 s at most. */
async function shardsOutOfPlace({ pool }: Database, processes: number): Promise<number> {
  const { rows } = await pool.query<{ away: number }>(
    `select count(*) filter (where holder is null or leased_until < now() or held > ceil(shards / $1::float8))::float8 as away
     from (select *, count(*) over (partition by holder) as held, count(*) over () as shards from scorer_shards) s`,
    [processes],
  );
  return rows[0]?.away ?? 0;
}

/** Until no more than `most` are left; how many there are then. */
async function waitFor(left: () => Promise<number>, most: number): Promise<number> {
  const endAt = performance.now() + TIMEOUT_MS;
  for (;;) {
    const rows = await left();
    if (rows <= most) return rows;
    if (performance.now() > endAt) throw new Error(`the scorers stand still at ${rows} results`);
    await pause(LOOK_MS);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function pace(
  { size, database }: World,
  { processes }: Condition,
  {
    options,
    counters,
  }: { readonly options: ScenarioOptions; readonly counters: () => Promise<Counters> },
): Promise<Found> {
  const lengthSeconds = options.quick ? PACE_SECONDS / 3 : PACE_SECONDS;
  const count = PACE / PACED_TRANSACTIONS_A_SECOND;
  const add = (): Promise<void> =>
    addResults(database, { size, count, firstAgoSeconds: 1, lastAgoSeconds: 0 });
  // The servers' memories are made once, by their first result.
  for (let done = 0; done < 3 * size.servers; done += 1_000) {
    await addResults(database, { size, count: 1_000, firstAgoSeconds: 1, lastAgoSeconds: 0 });
  }
  await waitFor(async () => Number((await scorerLag(database.kysely)).results), 0);
  await waitFor(() => shardsOutOfPlace(database, processes), 0);
  const lags: number[] = [];
  const before = await counters();
  const startedAt = performance.now();
  const endAt = startedAt + lengthSeconds * 1_000;
  const watch = (async () => {
    while (performance.now() < endAt) {
      lags.push((await scorerLag(database.kysely)).seconds);
      await pause(LOOK_MS);
    }
  })();
  let results = 0;
  while (performance.now() < endAt) {
    await add();
    results += count;
    const early = startedAt + (results / PACE) * 1_000 - performance.now();
    if (early > 0) await pause(early);
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  await watch;
  return { results, seconds, costs: difference(await counters(), before), lags };
}

function spread(values: readonly number[]): { readonly p50: number; readonly max: number } {
  const sorted = values.toSorted((a, b) => a - b);
  return { p50: sorted[Math.floor(sorted.length / 2)] ?? 0, max: sorted.at(-1) ?? 0 };
}

interface Scorers extends AsyncDisposable {
  cpuUs(): Promise<number>;
}

async function startScorers(url: string, processes: number): Promise<Scorers> {
  const all = await Promise.all(
    Array.from({ length: processes }, () =>
      startMeasuredProcess(new URL("scorer-process.ts", import.meta.url), [url]),
    ),
  );
  return {
    cpuUs: async () => {
      const each = await Promise.all(all.map((one) => one.cpuUs()));
      return each.reduce((sum, one) => sum + one, 0);
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(all.map((one) => one[Symbol.asyncDispose]()));
    },
  };
}
