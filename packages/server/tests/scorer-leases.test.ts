// Who scores which servers: shards are leased, shared out, taken over from who has died, and fenced off from who comes
// back late.

import { createUlid, systemClock, systemRandom } from "@truechimer/base";
import { createMetrics, silentLogger } from "@truechimer/telemetry";
import { useDatabase } from "@truechimer/testing-postgres";
import { sql } from "kysely";
import { beforeEach, describe, expect, test } from "vitest";
import type { ServerContext } from "../src/context.ts";
import { LOCAL_POLICY } from "../src/index.ts";
import { createRuleSets } from "../src/rules/rule-sets.ts";
import { scorePage } from "../src/scorer/score-page.ts";
import { createScorerWorker } from "../src/scorer/scorer-worker.ts";
import { activeScorers } from "../src/scorer/scorers.ts";
import { createScorerMemory } from "../src/scorer/server-memory.ts";
import { type HeldShards, keepLeases, releaseShards } from "../src/scorer/shard-leases.ts";
import { SHARDS } from "../src/scorer/shards.ts";
import { createServerMetrics } from "../src/server-metrics.ts";

const database = await useDatabase({ poolSize: 10 });
const { kysely } = database;
const metricsRegistry = createMetrics({ version: "0.0.0-test" });
const SERVERS = 48;

beforeEach(async () => {
  await sql`truncate servers, monitors, server_scores, log_scores, result_commits, replicas restart identity cascade`.execute(
    kysely,
  );
  await sql`update scorer_shards set holder = null, leased_until = null, snapshot = results_snapshot()`.execute(
    kysely,
  );
  await sql`insert into servers (name, ip, port, ip_version)
    select 's' || i, ('192.0.2.' || i)::inet, 123, 'v4' from generate_series(1, ${SERVERS}::int) i`.execute(
    kysely,
  );
  await sql`insert into monitors (id_token, hostname, ip, ip_version, status)
    values ('m', 'm', '198.51.100.1', 'v4', 'active')`.execute(kysely);
  await sql`insert into server_scores (server_id, monitor_id, status) select id, 1, 'active' from servers`.execute(
    kysely,
  );
});

async function newProcess(): Promise<ServerContext> {
  const replicaId = createUlid(systemClock, systemRandom);
  await sql`insert into replicas (id, roles, host, process_id, version)
    values (${replicaId}, '{scorer}', 'here', 1, '')`.execute(kysely);
  return {
    database,
    replicaId,
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
    metrics: createServerMetrics(createMetrics({ version: "0.0.0-test" })),
    metricsRegistry,
    policy: LOCAL_POLICY,
    ruleSets: createRuleSets(),
  } as unknown as ServerContext;
}

/** One result of each server. */
async function addResults(): Promise<void> {
  await sql`insert into log_scores (ts, server_id, monitor_id, step, score) select now(), id, 1, 1, 1 from servers`.execute(
    kysely,
  );
}

async function page(process: ServerContext, held: HeldShards): ReturnType<typeof scorePage> {
  const scorers = await activeScorers(process);
  return await scorePage({ context: process, scorers, memory: createScorerMemory() }, held);
}

async function steps(): Promise<readonly number[]> {
  const { rows } = await sql<{ readonly score_raw: number }>`
    select ss.score_raw from server_scores ss join monitors m on m.id = ss.monitor_id and m.hostname = 'every'`.execute(
    kysely,
  );
  return rows.map(({ score_raw }) => score_raw);
}

const NONE: HeldShards = new Map();

async function leases(process: ServerContext, held: HeldShards): Promise<HeldShards> {
  return (await keepLeases(process, held)).held;
}

describe("shards", () => {
  test("are all held, by one process or by any number of them, evenly", async () => {
    const processes = [await newProcess(), await newProcess(), await newProcess()];
    const [first, ...others] = processes;
    if (first === undefined) throw new Error("there is one");
    // It is alone as long as the others have not said that they live.
    await sql`update replicas set seen_at = now() - interval '1 min' where id <> ${first.replicaId}`.execute(
      kysely,
    );
    let held = [await leases(first, NONE), NONE, NONE];
    expect(held[0]?.size).toBe(SHARDS);
    await sql`update replicas set seen_at = now()`.execute(kysely);
    for (let look = 0; look < 2; look += 1) {
      const next: HeldShards[] = [];
      for (const [index, each] of [first, ...others].entries()) {
        next.push(await leases(each, held[index] ?? NONE));
      }
      held = next;
    }
    expect(held.map(({ size }) => size).toSorted((a, b) => a - b)).toEqual([5, 5, 6]);
    expect(new Set(held.flatMap((each) => [...each.keys()])).size).toBe(SHARDS);
  });

  test("of a process that died go to another when the lease has run out, and not before", async () => {
    const dead = await newProcess();
    await leases(dead, NONE);
    await sql`delete from replicas`.execute(kysely);
    const heir = await newProcess();
    expect((await leases(heir, NONE)).size).toBe(0);
    await sql`update scorer_shards set leased_until = now() - interval '1 ms'`.execute(kysely);
    expect((await leases(heir, NONE)).size).toBe(SHARDS);
  });

  test("that others hand back for one who joins are its own at its next look, a quarter of a second later", async () => {
    let nowNs = 0n;
    const clock = { ...systemClock, monotonicNs: () => nowNs };
    await using first = createScorerWorker({ ...(await newProcess()), clock });
    await first.pass();
    await using joining = createScorerWorker({ ...(await newProcess()), clock });
    await joining.pass();
    expect([first.held.size, joining.held.size]).toEqual([SHARDS, 0]);
    nowNs += 3_000_000_000n;
    await joining.pass();
    await first.pass();
    expect([first.held.size, joining.held.size]).toEqual([SHARDS / 2, 0]);
    nowNs += 250_000_000n;
    await joining.pass();
    expect([first.held.size, joining.held.size]).toEqual([SHARDS / 2, SHARDS / 2]);
  });

  test("are handed back at the stop, for others to take at once", async () => {
    const leaving = await newProcess();
    const held = await leases(leaving, NONE);
    await releaseShards(leaving, held);
    await sql`delete from replicas`.execute(kysely);
    expect((await leases(await newProcess(), NONE)).size).toBe(SHARDS);
  });
});

describe("a process that comes back after its lease was taken", () => {
  test("writes nothing, though it holds the number of its claim", async () => {
    const late = await newProcess();
    const itsShards = await leases(late, NONE);
    await sql`update scorer_shards set leased_until = now() - interval '1 ms'`.execute(kysely);
    await sql`delete from replicas`.execute(kysely);
    const heir = await newProcess();
    const taken = await leases(heir, NONE);
    await addResults();
    const outcome = await page(late, itsShards);
    expect(outcome.results).toBe(0);
    expect(outcome.lost.size).toBe(SHARDS);
    expect(await steps()).toEqual([]);
    expect((await page(heir, taken)).results).toBe(SERVERS);
    expect(await steps()).toEqual(Array.from({ length: SERVERS }, () => 1));
  });

  test("also when it was given some of them again meanwhile", async () => {
    const late = await newProcess();
    const itsShards = await leases(late, NONE);
    await releaseShards(late, itsShards);
    const again = await leases(late, NONE);
    await addResults();
    expect((await page(late, itsShards)).results).toBe(0);
    expect((await page(late, again)).results).toBe(SERVERS);
  });

  test("is waited for while its transaction is under way, and then each result counts once", async () => {
    const slow = await newProcess();
    const held = await leases(slow, NONE);
    const client = await database.pool.connect();
    try {
      // A holder in the middle of a transaction that scores, whose lease runs out meanwhile.
      await client.query("begin; select from scorer_shards for no key update");
      const heir = await newProcess();
      await sql`delete from replicas where id <> ${heir.replicaId}`.execute(kysely);
      expect((await leases(heir, NONE)).size).toBe(0);
      await client.query("commit");
      await addResults();
      expect((await page(slow, held)).results).toBe(SERVERS);
      await sql`update scorer_shards set leased_until = now() - interval '1 ms'`.execute(kysely);
      expect((await page(heir, await leases(heir, NONE))).results).toBe(0);
      expect(await steps()).toEqual(Array.from({ length: SERVERS }, () => 1));
    } finally {
      client.release();
    }
  });
});

test("a shard that comes from another process far behind is caught up with, and nothing is scored twice", async () => {
  const first = await newProcess();
  const all = await leases(first, NONE);
  const half = new Map([...all].slice(0, SHARDS / 2));
  await addResults();
  await page(first, half);
  await addResults();
  expect((await page(first, all)).results).toBe(SERVERS / 2 + SERVERS);
  await addResults();
  const last = await page(first, all);
  expect(last).toMatchObject({ results: SERVERS, complete: true });
  const { rows } = await sql`select distinct snapshot::text from scorer_shards`.execute(kysely);
  expect(rows).toHaveLength(1);
  expect(new Set((await steps()).map((score) => score.toFixed(9)))).toEqual(
    new Set([(1 + 0.95 + 0.95 ** 2).toFixed(9)]),
  );
});
