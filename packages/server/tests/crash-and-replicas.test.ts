// What was acknowledged is there, once, whatever dies: monitors submit through three API replicas while processes are
// killed with SIGKILL at random and submissions are sent again at random. At the end the ledger is held against what a
// plain model computes from the acknowledged results. Replayed as far as chance goes by TRUECHIMER_TEST_SEED.

import { createHash } from "node:crypto";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { createClient, type Interceptor } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { monitorV2 } from "@truechimer/api";
import {
  createUlid,
  type Random,
  sleep,
  systemClock,
  systemRandom,
  unsafelyDeterministicRandom,
} from "@truechimer/base";
import { useDatabase } from "@truechimer/testing-postgres";
import { sql } from "kysely";
import { expect, test } from "vitest";
import { scorerLag } from "../src/scorer/scorer-lag.ts";
import { type Replicas, startReplicas } from "./_replicas.ts";
import { goodStatus, type MonitorClient } from "./_results.ts";

const database = await useDatabase({ poolSize: 4 });
const { kysely } = database;

const MONITORS = 200;
const SERVERS = 20;
/** Submissions of each monitor; more, within a limit, until enough has been killed. */
const ROUNDS = 2;
const ROUNDS_MAX = 12;
const KILLS_MIN = 5;
/** A call of an agent, and how often it tries before it gives up without an answer. */
const CALL_TIMEOUT_MS = 5_000;
const TRIES_MAX = 40;
const RETRY_MS = 100;
const LIMIT_MS = 240_000;
const ROLES = ["api", "api", "api", "scorer", "scorer", "worker", "worker"];
const seed = Number(process.env["TRUECHIMER_TEST_SEED"] ?? Date.now() % 1_000_000);

/** One status as the ledger will know it. */
interface Sent {
  readonly monitorId: bigint;
  readonly atMs: number;
}

interface Outcome {
  /** The control plane answered that it counts. */
  readonly acknowledged: Sent[];
  /** No answer came: it may count or not. */
  readonly open: Sent[];
}

test(`${MONITORS} monitors, 3 API replicas, 2 scorers, 2 workers, killed at random: seed ${seed}`, {
  timeout: LIMIT_MS,
}, async () => {
  await plant();
  const random = unsafelyDeterministicRandom(seed);
  const outcome: Outcome = { acknowledged: [], open: [] };
  const startedMs = Date.now();
  const replicas = await startReplicas(databaseUrl(), ROLES);
  try {
    const done = new AbortController();
    const chaos = killAtRandom(replicas, random, done.signal);
    await Promise.all(
      Array.from({ length: MONITORS }, (_, index) =>
        workAsMonitor(index + 1, { replicas, random, outcome }),
      ),
    );
    done.abort();
    await chaos;
    await scored();
  } finally {
    await replicas[Symbol.asyncDispose]();
  }
  expect(replicas.killed).toBeGreaterThanOrEqual(KILLS_MIN);
  expect(outcome.acknowledged.length).toBeGreaterThan(MONITORS * ROUNDS);
  await expectLedger(outcome);
  await expectChains();
  await expectScoredOnce();
  await expectLoopsOnce(Date.now() - startedMs);
});

function databaseUrl(): string {
  return database.url;
}

/** Monitors with known tokens, all of which watch all servers. */
async function plant(): Promise<void> {
  const monitors = Array.from({ length: MONITORS }, (_, index) => index + 1);
  await sql`insert into servers (name, ip, port, ip_version)
    select 's' || i, ('10.9.0.' || i)::inet, 123, 'v4' from generate_series(1, ${SERVERS}::int) i`.execute(
    kysely,
  );
  await sql`insert into monitors (id_token, hostname, ip, ip_version, status, token_hash)
    select 'm' || i, 'm' || i, ('10.8.0.' || i)::inet, 'v4', 'active', hash
    from unnest(${monitors}::int[], ${monitors.map((each) => tokenHash(tokenOf(each)))}::bytea[]) as t (i, hash)`.execute(
    kysely,
  );
  await sql`insert into server_scores (server_id, monitor_id, status)
    select s.id, m.id, 'active' from servers s, monitors m`.execute(kysely);
}

function tokenOf(monitor: number): string {
  return `tcm_${"m".repeat(39)}${String(monitor).padStart(4, "0")}`;
}

function tokenHash(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

async function killAtRandom(replicas: Replicas, random: Random, done: AbortSignal): Promise<void> {
  while (!done.aborted) {
    await sleep(systemClock, 200 + 1_000 * random.fraction(), done).catch(() => undefined);
    if (!done.aborted) replicas.killOne(random);
  }
}

interface World {
  readonly replicas: Replicas;
  readonly random: Random;
  readonly outcome: Outcome;
}

async function workAsMonitor(monitor: number, world: World): Promise<void> {
  const monId = `10.8.0.${monitor}`;
  const { replicas } = world;
  const goesOn = (round: number): boolean =>
    round < ROUNDS || (replicas.killed < KILLS_MIN && round < ROUNDS_MAX);
  for (let round = 0; goesOn(round); round += 1) {
    const batch = await insist(monitor, world, (client) =>
      client.getServers({ monId, submissionVersionMax: 5 }, { timeoutMs: CALL_TIMEOUT_MS }),
    );
    if (batch === undefined || batch.servers.length === 0) continue;
    await submit(monitor, world, batch);
  }
}

async function submit(
  monitor: number,
  world: World,
  batch: monitorV2.GetServersResponse,
): Promise<void> {
  const { random, outcome } = world;
  const baseMs = Date.now();
  const sent: Sent[] = [];
  const list = batch.servers.map((server, index) => {
    const atMs = baseMs - index;
    sent.push({ monitorId: BigInt(monitor), atMs });
    return goodStatus(server, { ts: timestampFromMs(atMs) });
  });
  const request = {
    version: 5,
    monId: `10.8.0.${monitor}`,
    batchId: batch.batchId,
    submissionId: createUlid(systemClock, systemRandom),
    list,
  };
  const send = (client: MonitorClient): Promise<monitorV2.SubmitResultsResponse> =>
    client.submitResults(request, { timeoutMs: CALL_TIMEOUT_MS });
  const twiceAtOnce = random.fraction() < 0.2;
  const answers = await Promise.all(
    Array.from({ length: twiceAtOnce ? 2 : 1 }, () => insist(monitor, world, send)),
  );
  const answer = answers.find((each) => each !== undefined);
  if (answer === undefined) {
    outcome.open.push(...sent);
    return;
  }
  expect(answer.refused).toEqual([]);
  outcome.acknowledged.push(...sent);
  if (random.fraction() < 0.3) {
    const again = await insist(monitor, world, send);
    if (again !== undefined) expect(again.duplicate).toBe(true);
  }
}

/** Tries one replica after the other, as an agent does; without an answer after all tries it is left open. */
async function insist<Answer>(
  monitor: number,
  { replicas, random }: World,
  call: (client: MonitorClient) => Promise<Answer>,
): Promise<Answer | undefined> {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    try {
      return await call(clientOf(replicas.anyUrl(random), tokenOf(monitor)));
    } catch {
      await sleep(systemClock, RETRY_MS);
    }
  }
  return undefined;
}

function clientOf(baseUrl: string, token: string): MonitorClient {
  const authorize: Interceptor = (next) => (request) => {
    request.header.set("authorization", `Bearer ${token}`);
    return next(request);
  };
  return createClient(
    monitorV2.MonitorService,
    createConnectTransport({ baseUrl, httpVersion: "1.1", interceptors: [authorize] }),
  );
}

/** Until nothing waits for the scorers. */
async function scored(): Promise<void> {
  await expect
    .poll(async () => await scorerLag(kysely), { timeout: 60_000, interval: 200 })
    .toMatchObject({ results: 0n });
}

const keyOf = (monitorId: bigint, atMs: number): string => `${monitorId} ${atMs}`;

/** Each acknowledged result is there once; of those without an answer each is there once or not; nothing else is. */
async function expectLedger({ acknowledged, open }: Outcome): Promise<void> {
  const result = await sql<{
    readonly monitor_id: bigint;
    readonly at_ms: number;
    readonly rows: bigint;
  }>`
    select l.monitor_id, (extract(epoch from l.ts) * 1000)::float8 as at_ms, count(*) as rows
    from log_scores l join monitors m on m.id = l.monitor_id and m.type = 'monitor'
    group by l.monitor_id, l.ts`.execute(kysely);
  const counted = new Map(
    result.rows.map((row) => [keyOf(row.monitor_id, Math.round(row.at_ms)), Number(row.rows)]),
  );
  const doubled = [...counted].filter(([, rows]) => rows > 1);
  const missing = acknowledged.filter(
    ({ monitorId, atMs }) => !counted.has(keyOf(monitorId, atMs)),
  );
  const known = new Set(
    [...acknowledged, ...open].map(({ monitorId, atMs }) => keyOf(monitorId, atMs)),
  );
  const strange = [...counted.keys()].filter((key) => !known.has(key));
  expect({ doubled, missing, strange }).toEqual({ doubled: [], missing: [], strange: [] });
}

/** All steps are 1, so the scores of an assignment are those of the model after 1, 2, 3 … results, each once. */
async function expectChains(): Promise<void> {
  const result = await sql<{ readonly scores: number[]; readonly score_raw: number }>`
    select array_agg(l.score order by l.score) as scores, ss.score_raw
    from log_scores l
    join monitors m on m.id = l.monitor_id and m.type = 'monitor'
    join server_scores ss on ss.server_id = l.server_id and ss.monitor_id = l.monitor_id
    group by ss.id, ss.score_raw`.execute(kysely);
  for (const { scores, score_raw } of result.rows) {
    expect(scores).toEqual(
      scores.map((_, index) => expect.closeTo(afterSteps(index + 1), 9) as number),
    );
    expect(score_raw).toBeCloseTo(afterSteps(scores.length), 9);
  }
}

function afterSteps(steps: number): number {
  return 20 * (1 - 0.95 ** steps);
}

/** The score over all results steps once a result, and each result is in the sums once. */
async function expectScoredOnce(): Promise<void> {
  const result = await sql<{
    readonly results: bigint;
    readonly summed: bigint | null;
    readonly every: number | null;
  }>`
    select count(*) as results,
      (select sum(checks) from server_slots slot where slot.server_id = l.server_id) as summed,
      (select ss.score_raw from server_scores ss join monitors scorer on scorer.id = ss.monitor_id
        where ss.server_id = l.server_id and scorer.hostname = 'every' and scorer.type = 'score') as every
    from log_scores l join monitors m on m.id = l.monitor_id and m.type = 'monitor'
    group by l.server_id`.execute(kysely);
  expect(result.rows.length).toBeGreaterThan(0);
  for (const { results, summed, every } of result.rows) {
    expect(Number(summed)).toBe(Number(results));
    expect(every).toBeCloseTo(afterSteps(Number(results)), 6);
  }
}

/** However many workers there are and die, a loop's work is done at most once a period. */
async function expectLoopsOnce(elapsedMs: number): Promise<void> {
  const loops = await kysely
    .selectFrom("loop_runs")
    .select(["name", "period_ms", "periods_total"])
    .execute();
  expect(loops.length).toBeGreaterThan(3);
  for (const { name, period_ms, periods_total } of loops) {
    const most = Math.floor(elapsedMs / Number(period_ms)) + 1;
    expect({ name, tooMany: Number(periods_total) > most }).toEqual({ name, tooMany: false });
  }
}
