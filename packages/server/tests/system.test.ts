// What the control plane tells of itself: its processes, its loops, what waits.

import { adminV1 } from "@truechimer/api";
import { useDatabase } from "@truechimer/testing-postgres";
import { sql } from "kysely";
import { expect, test, vi } from "vitest";
import { LOOPS } from "../src/loops/registry.ts";
import { SHARDS } from "../src/scorer/shards.ts";
import { startServer, useServer } from "./_test-server.ts";

const database = await useDatabase();
const { kysely } = database;
const WAIT = { timeout: 20_000, interval: 100 };
const { admin, server } = await useServer(database, { roles: ["api", "worker"] });
await sql`insert into monitors (id_token, hostname, ip, ip_version, status)
  values ('m', 'm', '198.51.100.1', 'v4', 'active')`.execute(kysely);

async function metric(name: string): Promise<readonly string[]> {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  return text.split("\n").filter((line) => line.startsWith(name));
}

test("every loop with its class, its outcome and when it is due", async () => {
  await vi.waitFor(async () => {
    const { loops, replicas } = await admin.getSystem({});
    expect(loops.map(({ name }) => name)).toEqual(LOOPS.map(({ name }) => name).toSorted());
    for (const loop of loops) {
      expect(loop).toMatchObject({ lastOutcome: "ok", failures: 0 });
      const registered = LOOPS.find(({ name }) => name === loop.name);
      expect(loop.class).toBe(
        registered?.class === "once_per_period"
          ? adminV1.LoopClass.ONCE_PER_PERIOD
          : adminV1.LoopClass.IDEMPOTENT,
      );
      expect(loop.periodsTotal).toBeGreaterThan(0n);
      expect(loop.nextRunAt).toBeDefined();
      expect(loop.replicaId).toBe(replicas[0]?.id);
    }
  }, WAIT);
});

test("the next run of each loop waits in the queue", async () => {
  await vi.waitFor(async () => {
    const { jobQueue } = await admin.getSystem({});
    expect(jobQueue).toMatchObject({ failed: 0n });
    expect(Number(jobQueue?.waiting) + Number(jobQueue?.due)).toBeGreaterThan(4);
  }, WAIT);
});

test("a process is there while it lives, is missed when it dies, and not when it stops", async () => {
  const other = await startServer(database, { roles: ["scorer"] });
  const rolesAlive = async (): Promise<readonly string[]> => {
    const { replicas } = await admin.getSystem({});
    return replicas.filter(({ alive }) => alive).map(({ roles }) => roles.join());
  };
  expect(await rolesAlive()).toEqual(["api,worker", "scorer"]);
  expect(await metric("truechimer_replicas")).toContain('truechimer_replicas{role="scorer"} 1');
  await other.server[Symbol.asyncDispose]();
  expect(await rolesAlive()).toEqual(["api,worker"]);
  await sql`insert into replicas (id, roles, host, process_id, version, seen_at)
    values ('01J', '{scorer}', 'elsewhere', 7, '0', now() - interval '1 minute')`.execute(kysely);
  expect(await rolesAlive()).toEqual(["api,worker"]);
  const { replicas } = await admin.getSystem({});
  expect(replicas.map(({ host, alive, self }) => ({ host, alive, self }))).toContainEqual({
    host: "elsewhere",
    alive: false,
    self: false,
  });
  expect(replicas.filter(({ self }) => self)).toHaveLength(1);
});

test("the scorers with their lag, and each part of their work with who has it", async () => {
  const scorer = await startServer(database, { roles: ["scorer"] });
  try {
    await vi.waitFor(async () => {
      const { scorers, scorerShards, replicas } = await admin.getSystem({});
      expect(scorers.map(({ name, active }) => ({ name, active }))).toEqual([
        { name: "every", active: true },
        { name: "recentmedian", active: true },
      ]);
      const own = replicas.find(({ alive, roles }) => alive && roles.includes("scorer"));
      expect(scorerShards.map(({ shard, replicaId }) => ({ shard, replicaId }))).toEqual(
        Array.from({ length: SHARDS }, (_, shard) => ({ shard, replicaId: own?.id })),
      );
    }, WAIT);
  } finally {
    await scorer.server[Symbol.asyncDispose]();
  }
  // Nobody scores them now.
  await sql`insert into log_scores (ts, server_id, monitor_id, step, score)
    select now(), server_id, 1, 1, 1 from unnest(array[3, 3, 20]) as t (server_id)`.execute(kysely);
  await sql`update result_commits set accepted_at = now() - interval '1 minute'`.execute(kysely);
  await sql`update monitors set status = 'paused' where hostname = 'every'`.execute(kysely);
  const { scorers, scorerShards } = await admin.getSystem({});
  expect(scorers.map(({ resultsWaiting }) => resultsWaiting)).toEqual([0n, 3n]);
  expect(Number(scorers[1]?.lag?.seconds)).toBeGreaterThanOrEqual(60);
  const behind = scorerShards.filter(({ resultsWaiting }) => resultsWaiting > 0n);
  expect(behind).toMatchObject([
    { shard: 3, replicaId: "", resultsWaiting: 2n },
    { shard: 4, replicaId: "", resultsWaiting: 1n },
  ]);
  for (const { lag } of behind) expect(Number(lag?.seconds)).toBeGreaterThanOrEqual(60);
  const lags = await metric("truechimer_scorer_shard_lag_seconds{");
  expect(lags).toHaveLength(SHARDS);
  expect(lags.filter((line) => !line.endsWith(" 0"))).toHaveLength(2);
});

test("each loop has its metrics", async () => {
  for (const name of ["overdue_seconds", "next_run_timestamp_seconds", "failures"]) {
    expect(await metric(`truechimer_loop_${name}{`)).toHaveLength(LOOPS.length);
  }
  expect(await metric("truechimer_jobs{")).toHaveLength(4);
});
