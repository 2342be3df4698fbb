// What the control plane tells of itself: its processes, its loops, what waits.

import { adminV1 } from "@truechimer/api";
import { useDatabase } from "@truechimer/testing-postgres";
import { sql } from "kysely";
import { expect, test, vi } from "vitest";
import { LOOPS } from "../src/loops/registry.ts";
import { startServer, useServer } from "./_test-server.ts";

const database = await useDatabase();
const { kysely } = database;
const WAIT = { timeout: 20_000, interval: 100 };
const { admin, server } = await useServer(database, { roles: ["api", "worker"] });

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

test("each loop has its metrics", async () => {
  for (const name of ["overdue_seconds", "next_run_timestamp_seconds", "failures"]) {
    expect(await metric(`truechimer_loop_${name}{`)).toHaveLength(LOOPS.length);
  }
  expect(await metric("truechimer_jobs{")).toHaveLength(4);
});
