// Reviews against a real database: events, guards, replicas, and what becomes of a dead agent.

import { systemClock } from "@truechimer/base";
import { inTransaction } from "@truechimer/database";
import { POOL_SELECTION, planReview } from "@truechimer/selection";
import { useDatabase } from "@truechimer/testing-postgres";
import { sql } from "kysely";
import { beforeEach, describe, expect, test } from "vitest";
import { LOCAL_POLICY, POOL_POLICY } from "../src/index.ts";
import { loadSnapshots } from "../src/selector/load-snapshots.ts";
import { reassign, requestReviews } from "../src/selector/reassign.ts";
import type { ReviewContext } from "../src/selector/review-batch.ts";
import { reviewDueServers } from "../src/selector/review-servers.ts";
import { writePlans } from "../src/selector/write-plans.ts";

const database = await useDatabase();
const { kysely } = database;
const pool: ReviewContext = { database, policy: POOL_POLICY, clock: systemClock };
const local: ReviewContext = { database, policy: LOCAL_POLICY, clock: systemClock };

beforeEach(async () => {
  await sql`truncate server_scores, servers_monitor_review, monitor_standings, monitors, servers, events, system_settings, accounts
    restart identity cascade`.execute(kysely);
});

/** `count` monitors in networks of their own, online, and `servers` servers. */
async function fleet(options: {
  readonly monitors: number;
  readonly servers: number;
}): Promise<void> {
  await sql`insert into accounts (id_token, name) select 'a' || n, 'a' || n from generate_series(1, ${options.monitors}::int) n`.execute(
    kysely,
  );
  await sql`insert into monitors (id_token, hostname, ip, ip_version, status, online, last_seen, account_id)
    select 'm' || n, 'm' || n, ('10.' || n / 16 || '.' || (n % 16) * 16 || '.1')::inet, 'v4', 'active', true, now(), n
    from generate_series(1, ${options.monitors}::int) n`.execute(kysely);
  await sql`insert into servers (name, ip, ip_version)
    select 's' || n, ('203.0.113.' || n)::inet, 'v4' from generate_series(1, ${options.servers}::int) n`.execute(
    kysely,
  );
}

/** Every assignment has measured well until now, with so many results. */
async function measured(results = 200): Promise<void> {
  await sql`update server_scores set score_ts = now(), score_raw = 20, results_counted = ${results}::int, quality_weight = 20,
    quality_step = 1, quality_answers = 20, quality_delay_ms = 10 + monitor_id, quality_residual_ms = 1`.execute(
    kysely,
  );
}

async function statuses(serverId = 1): Promise<Record<string, number[]>> {
  const { rows } = await sql<{ status: string; ids: string }>`
    select status, string_agg(monitor_id::text, ',' order by monitor_id) as ids from server_scores
    where server_id = ${serverId}::bigint group by status`.execute(kysely);
  return Object.fromEntries(rows.map(({ status, ids }) => [status, ids.split(",").map(Number)]));
}

async function reviews(): Promise<
  readonly { server_id: bigint; wait: number; shortage: string | null; usable_active: number }[]
> {
  const { rows } = await sql<{
    server_id: bigint;
    wait: number;
    shortage: string | null;
    usable_active: number;
  }>`
    select server_id, extract(epoch from next_review - last_review)::float8 / 60 as wait, shortage, usable_active
    from servers_monitor_review order by server_id`.execute(kysely);
  return rows;
}

/** All are due, whatever was said before. */
async function makeDue(): Promise<void> {
  await sql`update servers_monitor_review set next_review = now()`.execute(kysely);
}

describe("a fleet of one's own", () => {
  test("one agent on a home network watches all servers from the first moment", async () => {
    await fleet({ monitors: 1, servers: 3 });
    await sql`update servers set ip = ('10.0.16.' || 10 + id)::inet, account_id = 1`.execute(
      kysely,
    );
    await reassign(local);
    expect(await statuses(1)).toEqual({ active: [1] });
    expect(await statuses(3)).toEqual({ active: [1] });
    await makeDue();
    await reviewDueServers(local);
    expect(await statuses(2)).toEqual({ active: [1] });
  });

  test("of twelve monitors at one address seven are active and the others test", async () => {
    await fleet({ monitors: 12, servers: 1 });
    await sql`update monitors set ip = ('127.0.0.' || id)::inet, account_id = 1`.execute(kysely);
    await reassign(local);
    const { active = [], testing = [] } = await statuses();
    expect([active.length, testing.length]).toEqual([7, 5]);
  });
});

describe("a pool", () => {
  test("a new server finds its monitors step by step, five without waiting for results", async () => {
    await fleet({ monitors: 12, servers: 1 });
    await reassign(pool);
    expect((await statuses())["testing"]?.length).toBe(4);
    const [first] = await reviews();
    expect(first?.wait).toBeGreaterThan(4.5);
    expect(first?.wait).toBeLessThan(5.5);
    for (let count = 0; count < 4; count += 1) {
      await measured(1);
      await makeDue();
      await reviewDueServers(pool);
    }
    expect((await statuses())["active"]?.length).toBe(5);
    for (let count = 0; count < 4; count += 1) {
      await measured(200);
      await makeDue();
      await reviewDueServers(pool);
    }
    const { active = [], testing = [] } = await statuses();
    expect([active.length, testing.length]).toEqual([7, 5]);
  });

  test("what changes nothing is reviewed ever more seldom", async () => {
    await fleet({ monitors: 3, servers: 1 });
    await reassign({
      ...pool,
      policy: { ...POOL_POLICY, selection: { ...POOL_SELECTION, directPromotion: true } },
    });
    const waits: number[] = [];
    for (let count = 0; count < 7; count += 1) {
      await measured();
      await makeDue();
      await reviewDueServers(pool);
      waits.push((await reviews())[0]?.wait ?? 0);
    }
    for (const [count, minutes] of [20, 40, 80, 160, 320, 360, 360].entries()) {
      expect(waits[count]).toBeGreaterThan(0.94 * minutes);
      expect(waits[count]).toBeLessThan(1.06 * minutes);
    }
  });

  test("a paused monitor is replaced at once, and its servers are due by the event", async () => {
    await fleet({ monitors: 10, servers: 2 });
    await settle();
    const { active = [] } = await statuses();
    expect(active.length).toBe(7);
    const [gone = 0] = active;
    await sql`update monitors set status = 'paused' where id = ${gone}`.execute(kysely);
    await reassign(pool, { monitorIds: [BigInt(gone)] });
    const after = await statuses();
    expect(after["active"]?.length).toBe(7);
    expect(after["active"]).not.toContain(gone);
    expect(after["candidate"]).toContain(gone);
  });

  test("a dead agent's place is filled within three of its intervals", async () => {
    await fleet({ monitors: 10, servers: 1 });
    await settle();
    const [dead = 0] = (await statuses())["active"] ?? [];
    const intervalSeconds = POOL_POLICY.probe.checkIntervalMs / 1_000;
    // Silent for an interval and a half: noticed as an event, and looked at again when it is late.
    await sql`update monitors set online = false where id = ${dead}`.execute(kysely);
    await sql`update server_scores set score_ts = now() - make_interval(secs => ${1.5 * intervalSeconds}::float8),
      status_since = now() - interval '1 day' where monitor_id = ${dead}`.execute(kysely);
    await requestReviews(database, { monitorIds: [BigInt(dead)] });
    await reviewDueServers(pool);
    expect((await statuses())["active"]).toContain(dead);
    const [due] = await reviews();
    expect((due?.wait ?? 0) * 60).toBeLessThan(0.6 * intervalSeconds);
    await sql`update server_scores set score_ts = score_ts - make_interval(secs => ${0.6 * intervalSeconds}::float8) where monitor_id = ${dead}`.execute(
      kysely,
    );
    await makeDue();
    await reviewDueServers(pool);
    const { active = [] } = await statuses();
    expect(active).not.toContain(dead);
    expect(active.length).toBe(7);
  });

  test("a change of an account's limit holds with the next review", async () => {
    await fleet({ monitors: 10, servers: 1 });
    await sql`update monitors set account_id = 1 where id <= 3`.execute(kysely);
    await sql`update accounts set flags = '{"monitors_per_server_limit": 3}' where id = 1`.execute(
      kysely,
    );
    await settle();
    expect((await statuses())["active"]).toEqual(expect.arrayContaining([1, 2, 3]));
    await sql`update accounts set flags = '{"monitors_per_server_limit": 1}' where id = 1`.execute(
      kysely,
    );
    for (let count = 0; count < 3; count += 1) {
      await makeDue();
      await reviewDueServers(pool);
      await measured();
    }
    expect((await statuses())["active"]?.filter((id) => id <= 3)).toEqual([1]);
  });

  test("a server of the monitor's own account pauses it, with the reason and since when", async () => {
    await fleet({ monitors: 3, servers: 1 });
    await sql`update servers set account_id = 1`.execute(kysely);
    await reassign(pool);
    const { rows } =
      await sql`select status, status_reason, constraint_violation_type as type, pause_reason,
      constraint_violation_since is not null as since from server_scores where monitor_id = 1`.execute(
        kysely,
      );
    expect(rows).toEqual([
      {
        status: "paused",
        status_reason: "constraint_paused",
        type: "account",
        pause_reason: "constraint",
        since: true,
      },
    ]);
  });

  test("a server may have a policy of its own, and a wrong one harms no other server", async () => {
    await fleet({ monitors: 10, servers: 3 });
    await reassign(pool);
    await sql`update servers_monitor_review set config = '{"activeTarget": 3}' where server_id = 1`.execute(
      kysely,
    );
    await sql`update servers_monitor_review set config = '{"activTarget": 3}' where server_id = 2`.execute(
      kysely,
    );
    await settle();
    expect((await statuses(1))["active"]?.length).toBe(3);
    expect((await statuses(3))["active"]?.length).toBe(7);
    const { rows } =
      await sql`select failures > 0 as failed from servers_monitor_review where server_id = 2`.execute(
        kysely,
      );
    expect(rows).toEqual([{ failed: true }]);
  });
});

test("a change is not written over a status that somebody else has set meanwhile", async () => {
  await fleet({ monitors: 3, servers: 1 });
  await reassign(local);
  const loaded = await loadSnapshots(kysely, [1n], POOL_POLICY);
  const server = loaded.get(1n);
  if (server === undefined) throw new Error("the server is there");
  const blocked = {
    ...server.snapshot,
    monitors: server.snapshot.monitors.map((each) => ({
      ...each,
      globalStatus: "paused" as const,
    })),
  };
  const plan = planReview(blocked, POOL_SELECTION, Date.now());
  expect(plan.changes.length).toBe(3);
  await sql`update server_scores set status = 'testing' where monitor_id = 2`.execute(kysely);
  const written = await inTransaction(database, (transaction) =>
    writePlans(transaction, [{ server, plan }]),
  );
  expect(written.size).toBe(2);
  expect(await statuses()).toEqual({ candidate: [1, 3], testing: [2] });
});

test("two replicas review every server once, and no change twice", async () => {
  await fleet({ monitors: 9, servers: 120 });
  await sql`insert into servers_monitor_review (server_id) select id from servers`.execute(kysely);
  await sql`insert into server_scores (server_id, monitor_id, status) select s.id, m.id, 'candidate' from servers s, monitors m`.execute(
    kysely,
  );
  const outcomes = await Promise.all([1, 2, 3].map(() => reviewDueServers(pool)));
  expect(outcomes.reduce((sum, { servers }) => sum + servers, 0)).toBe(120);
  const { rows } =
    await sql`select count(*)::int as count, status from server_scores group by status order by status`.execute(
      kysely,
    );
  expect(rows).toEqual([
    { count: 120 * 5, status: "candidate" },
    { count: 120 * 4, status: "testing" },
  ]);
});

test("more servers than one transaction takes are reviewed in one call, each once", async () => {
  await fleet({ monitors: 8, servers: 120 });
  await reassign(pool);
  await measured();
  await makeDue();
  expect((await reviewDueServers(pool)).servers).toBe(120);
  expect(await reviewDueServers(pool)).toEqual({ servers: 0, changes: 0 });
});

/** Reviews with good measurements until nothing changes. */
async function settle(): Promise<void> {
  await reassign(pool);
  for (let count = 0; count < 8; count += 1) {
    await measured();
    await makeDue();
    const { changes } = await reviewDueServers(pool);
    if (changes === 0) return;
  }
}
