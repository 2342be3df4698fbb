// Scenario pool-scale: the agents' procedures as the NTP Pool would use them, over mutual TLS with certificates of the
// built-in authority and tickets that are checked, on a durable PostgreSQL; control plane, database and load share the
// cores. At a hundredth of the size (100 monitors × 1,000 servers: 100,000 assignments, 300,000 results of history) and
// at the whole (1,000 × 10,000: 10 million and 30 million).

import { loadavg } from "node:os";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { monitorV2 } from "@truechimer/api";
import { BENCH_POSTGRES_KIND, type BenchPostgresKind } from "../bench-postgres.ts";
import type { ResultRow, Scenario, ScenarioOptions } from "../scenario.ts";
import { isWanted } from "../scenario.ts";
import { type Spread, spreadOf } from "../statistics.ts";
import { type AgentConnection, createAgentConnection } from "./agent-connection.ts";
import { CONDITIONS, type Condition } from "./conditions.ts";
import { type Counters, difference, readCounters } from "./costs.ts";
import { type LoadFindings, type LoadOptions, runLoad } from "./load.ts";
import { openPlainInserts } from "./plain-inserts.ts";
import { armPool } from "./plant-pool.ts";
import { AGENTS_MAX, monitorAddress, POOL_SIZES, type PoolSize } from "./pool-size.ts";
import { openPoolWorld, type PoolWorld } from "./pool-world.ts";
import { reportPoolScale } from "./report.ts";
import { type StatementTimes, timeStatements } from "./statement-times.ts";
import { createSubmissionMaker, RESULTS } from "./submissions.ts";

const RUN_MS = 10_000;
const QUICK_RUN_MS = 3_000;
/** Not counted: the compiler, the plans, the first touch of pages. */
const WARM_UP_MS = 4_000;
const SUBMIT = "/monitor.v2.MonitorService/SubmitResults";
const GET_SERVERS = "/monitor.v2.MonitorService/GetServers";
export interface PoolScaleRow extends ResultRow {
  readonly size: PoolSize["name"];
  readonly postgres: BenchPostgresKind;
  /** "17.5". */
  readonly postgresVersion: string;
  readonly condition: string;
  readonly title: string;
  readonly callers: number;
  /** Processes that wanted a core before it began, over the last minute: what else the machine had to do. */
  readonly loadBefore: number;
  /** Results, or calls of GetServers, a second. */
  readonly perSecond: number;
  readonly latencyMs: Spread;
  /** Of each run, the least first. */
  readonly p99MsOfRuns: readonly number[];
  readonly failures: number;
  readonly deadlocks: number;
  /** Results that were answered, and rows of them in the database. Of GetServers: servers handed out, none of them twice. */
  readonly answered: number;
  readonly stored: number;
  /** Each for one result, or one call of GetServers. */
  readonly statements: number;
  readonly walBytes: number;
  readonly walPageImages: number;
  readonly serverCpuUs: number;
  readonly databaseCpuUs: number;
  readonly loadCpuUs: number;
  /** Of each kind. Absent: no pace is kept. */
  readonly statementTimes?: readonly StatementTimes[];
}

export const poolScale: Scenario = {
  name: "pool-scale",
  summary: "Results taken and work handed out a second, over mutual TLS, at two sizes of the pool.",
  parts: () => ({
    condition: CONDITIONS.map(({ name }) => name),
    size: POOL_SIZES.map(({ name }) => name),
  }),
  run: runPoolScale,
  report: (rows) => reportPoolScale(rows as readonly PoolScaleRow[]),
};

async function runPoolScale(options: ScenarioOptions): Promise<readonly PoolScaleRow[]> {
  const rows: PoolScaleRow[] = [];
  for (const size of POOL_SIZES.filter(({ name }) => isWanted(options.size, name))) {
    await using world = await openPoolWorld({ size, replicas: 1, log: options.log });
    await using agents = await connectAgents(world, size, options);
    for (const condition of CONDITIONS.filter(({ name }) => isWanted(options.condition, name))) {
      options.log(`pool-scale ${size.name}: ${condition.title}`);
      const once = (): Promise<PoolScaleRow> =>
        runCondition(world, size, condition, agents.connections, options);
      const runs: PoolScaleRow[] = [];
      for (let run = 0; run < runsOf(condition, options); run += 1) runs.push(await once());
      const row = { ...middleOf(runs), statementTimes: await timesOf(world, condition, once) };
      options.log(reportPoolScale([row]));
      rows.push(row);
    }
  }
  return rows;
}

/** A disk that stalls twice in a run is seen by one call of a hundred: whose waiting is asked for is run more often. */
const PACED_RUNS = 3;

function runsOf({ pace }: Condition, { quick, runs }: ScenarioOptions): number {
  return runs ?? (quick || pace === undefined ? 1 : PACED_RUNS);
}

/** In a run of its own: what is noted costs. */
async function timesOf(
  { database }: PoolWorld,
  { pace }: Condition,
  once: () => Promise<unknown>,
): Promise<readonly StatementTimes[]> {
  return pace === undefined ? [] : await timeStatements(database, once);
}

/** By p99, with that of the others. */
function middleOf(runs: readonly PoolScaleRow[]): PoolScaleRow {
  const sorted = runs.toSorted((a, b) => a.latencyMs.p99 - b.latencyMs.p99);
  const middle = sorted[Math.floor((sorted.length - 1) / 2)];
  if (middle === undefined) throw new RangeError("a condition needs a run");
  return { ...middle, p99MsOfRuns: sorted.map(({ latencyMs }) => latencyMs.p99) };
}

interface Agents extends AsyncDisposable {
  /** At place 0: monitor 1. */
  readonly connections: readonly AgentConnection[];
}

async function connectAgents(
  world: PoolWorld,
  size: PoolSize,
  { log }: ScenarioOptions,
): Promise<Agents> {
  const count = Math.min(size.monitors, AGENTS_MAX);
  log(`${count} agents get their certificates`);
  const connections: AgentConnection[] = [];
  for (let monitor = 1; monitor <= count; monitor += 1) {
    const pair = await world.pairOf(monitor);
    const url = world.urls[monitor % world.urls.length] ?? "";
    connections.push(createAgentConnection({ url, rootPem: world.rootPem, ...pair }));
  }
  return {
    connections,
    [Symbol.asyncDispose]: async () => {
      for (const connection of connections) connection[Symbol.dispose]();
    },
  };
}

async function runCondition(
  world: PoolWorld,
  size: PoolSize,
  condition: Condition,
  connections: readonly AgentConnection[],
  options: ScenarioOptions,
): Promise<PoolScaleRow> {
  const { database } = world;
  const durationMs = options.quick ? QUICK_RUN_MS : RUN_MS;
  const [loadBefore = 0] = loadavg();
  await using opened = new AsyncDisposableStack();
  if (condition.kind !== "plain-inserts") await armPool(database, size);
  const work =
    condition.kind === "submit"
      ? submitWork(world, size, condition, connections, durationMs)
      : condition.kind === "get-servers"
        ? getServersWork(condition, connections)
        : opened.use(await openPlainInserts(database, condition.callers));
  const load: LoadOptions = {
    callers: condition.callers,
    durationMs,
    ...(condition.pace === undefined ? {} : { pace: condition.pace }),
  };
  await runLoad(work.call, { ...load, durationMs: WARM_UP_MS });
  const storedBefore = await work.stored();
  const before = await readCounters(world.counters);
  const findings = await runLoad(work.call, load);
  const cost = difference(await readCounters(world.counters), before);
  const stored = (await work.stored()) - storedBefore;
  const answered = condition.kind === "get-servers" ? stored : findings.counted;
  const { rows } = await database.pool.query<{ readonly version: string }>(
    "select split_part(current_setting('server_version'), ' ', 1) as version",
  );
  const postgresVersion = rows[0]?.version ?? "";
  return rowOf(size, condition, findings, { cost, answered, stored, loadBefore, postgresVersion });
}

interface Work {
  readonly call: (caller: number) => Promise<number>;
  /** Rows in the database so far. Of GetServers: servers that were handed out. */
  stored(): Promise<number>;
}

/** Each caller has monitors of its own and sends what was made before, one after the other. */
function submitWork(
  world: PoolWorld,
  size: PoolSize,
  condition: Condition,
  connections: readonly AgentConnection[],
  durationMs: number,
): Work {
  const maker = createSubmissionMaker({
    version: condition.version,
    key: world.ticketKey,
    servers: condition.servers ?? size.servers,
  });
  const seconds = (WARM_UP_MS + durationMs) / 1_000;
  const count = Math.ceil(condition.perSecondMax * seconds);
  const used = condition.servers === undefined ? connections.length : condition.callers;
  const ready: Uint8Array[][] = Array.from({ length: used }, () => []);
  for (let made = 0; made < count; made += 1) {
    ready[made % used]?.push(maker.next((made % used) + 1));
  }
  const next = Array.from({ length: condition.callers }, (_, caller) => caller);
  return {
    call: async (caller) => {
      const monitor = (next[caller] ?? 0) % used;
      next[caller] =
        monitor + condition.callers < used ? monitor + condition.callers : caller % used;
      const body = ready[monitor]?.shift();
      // Faster than anybody expected: the run ends sooner.
      if (body === undefined) return -1;
      const answer = await callOf(connections[monitor], SUBMIT, body);
      const { ok, refused, duplicate } = fromBinary(monitorV2.SubmitResultsResponseSchema, answer);
      if (!ok || duplicate || refused.length > 0) {
        throw new Error(`refused: ${refused[0]?.code ?? (duplicate ? "duplicate" : "not ok")}`);
      }
      return RESULTS;
    },
    stored: () => storedResults(world),
  };
}

function getServersWork(condition: Condition, connections: readonly AgentConnection[]): Work {
  const bodies = connections.map((_, place) =>
    toBinary(
      monitorV2.GetServersRequestSchema,
      create(monitorV2.GetServersRequestSchema, {
        monId: monitorAddress(place + 1),
        submissionVersionMax: condition.version,
      }),
    ),
  );
  const next = Array.from({ length: condition.callers }, (_, caller) => caller);
  let servers = 0;
  return {
    call: async (caller) => {
      const monitor = next[caller] ?? 0;
      next[caller] =
        monitor + condition.callers < connections.length ? monitor + condition.callers : caller;
      const answer = await callOf(
        connections[monitor],
        GET_SERVERS,
        bodies[monitor] ?? new Uint8Array(),
      );
      servers += fromBinary(monitorV2.GetServersResponseSchema, answer).servers.length;
      return 1;
    },
    stored: () => Promise.resolve(servers),
  };
}

async function callOf(
  connection: AgentConnection | undefined,
  path: string,
  body: Uint8Array,
): Promise<Uint8Array> {
  if (connection === undefined) throw new Error("there is no such agent");
  const answer = await connection.call(path, body);
  if (answer.status === 200) return answer.body;
  throw new Error(`${answer.status}: ${Buffer.from(answer.body).toString()}`);
}

async function storedResults({ database }: PoolWorld): Promise<number> {
  const { rows } = await database.pool.query<{ stored: number }>(
    "select coalesce(sum(checks_total), 0)::float8 as stored from monitors",
  );
  return rows[0]?.stored ?? 0;
}

function rowOf(
  size: PoolSize,
  { name, title, callers }: Condition,
  { tookMs, counted, latenciesMs, failures, firstFailure }: LoadFindings,
  found: {
    readonly cost: Counters;
    readonly answered: number;
    readonly stored: number;
    readonly loadBefore: number;
    readonly postgresVersion: string;
  },
): PoolScaleRow {
  const { cost, answered, stored, loadBefore, postgresVersion } = found;
  if (firstFailure !== undefined) process.stderr.write(`first failure: ${firstFailure}\n`);
  const each = (value: number): number => value / Math.max(1, counted);
  return {
    key: `${BENCH_POSTGRES_KIND} ${size.name} ${name}`,
    measuredOn: new Date().toISOString().slice(0, 10),
    size: size.name,
    postgres: BENCH_POSTGRES_KIND,
    postgresVersion,
    condition: name,
    title,
    callers,
    loadBefore,
    perSecond: (counted / tookMs) * 1_000,
    latencyMs: spreadOf(latenciesMs),
    p99MsOfRuns: [],
    failures,
    deadlocks: cost.deadlocks,
    answered,
    stored,
    statements: each(cost.statements),
    walBytes: each(cost.walBytes),
    walPageImages: each(cost.walPageImages),
    serverCpuUs: each(cost.serverCpuUs),
    databaseCpuUs: each(cost.databaseCpuUs),
    loadCpuUs: each(cost.loadCpuUs),
  };
}
