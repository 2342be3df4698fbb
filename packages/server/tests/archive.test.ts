// Results and paths in a real ClickHouse: all of them, each once, whatever dies, and nothing in the way of those who work
// while it is away.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { create, toBinary } from "@bufbuild/protobuf";
import { monitorV2 } from "@truechimer/api";
import { systemClock } from "@truechimer/base";
import { silentLogger } from "@truechimer/telemetry";
import {
  type ClickHouse,
  clickHouseAvailable,
  startClickHouse,
} from "@truechimer/testing-clickhouse";
import { type TestDatabase, useDatabase, withTemplateDatabase } from "@truechimer/testing-postgres";
import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { Archive } from "../src/archive/archive.ts";
import { createClickHouseArchive } from "../src/archive/clickhouse/clickhouse-archive.ts";
import { ARCHIVE_LIMITS, runArchive } from "../src/archive/run-archive.ts";
import { ARCHIVE_WAIT_DAYS_MAX, daysToKeep } from "../src/archive/wait-for-archives.ts";
import { cleanUp } from "../src/loops/clean-up.ts";
import { dropOldDays } from "../src/loops/drop-old-days.ts";
import { LOCAL_POLICY } from "../src/policy.ts";
import { purgeReadCommits } from "../src/scorer/purge-read-commits.ts";
import { exchanges } from "./_exchanges.ts";
import { useServer } from "./_test-server.ts";

const database = await useDatabase();
await insertFleet(database);
const LIMIT_MS = 120_000;
const WAIT = { timeout: 60_000, interval: 20 };
const WORKER: string = fileURLToPath(new URL("_archive-worker.ts", import.meta.url));
const DAY_MS = 86_400_000;

describe.skipIf(!clickHouseAvailable())("an archive in ClickHouse", { timeout: LIMIT_MS }, () => {
  let clickhouse: ClickHouse;
  let archive: Archive;

  beforeAll(async () => {
    clickhouse = await startClickHouse();
    archive = createClickHouseArchive({ url: clickhouse.url }, systemClock);
  }, LIMIT_MS);
  afterAll(async () => {
    await archive[Symbol.asyncDispose]();
    await clickhouse[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    await sql`truncate log_scores, check_evidence, result_commits, result_commit_purges, archives, archive_traceroutes, archive_events, events,
      traceroutes`.execute(database.kysely);
    await archive.prepare(new AbortController().signal);
    for (const table of ["results", "traceroutes", "events"])
      await clickhouse.ask(`truncate table ${table}`);
  });

  const run = async (to: Archive = archive): Promise<void> =>
    runArchive({ database, clock: systemClock }, to, new AbortController().signal);
  const insert = async (rows: number, from = "1 hour"): Promise<void> => {
    await sql`
      insert into log_scores (ts, server_id, monitor_id, step, score, offset_ns, reason)
      select now() - ${from}::interval + n * interval '1 ms', 1, 1, 1, 20, n, case when n % 9 = 0 then 'timeout' end
      from generate_series(1, ${rows}::int) n`.execute(database.kysely);
  };
  /** What is here is there, once each. */
  const expectAll = async (): Promise<void> => {
    const { rows } = await sql<{ readonly id: bigint }>`select id from log_scores`.execute(
      database.kysely,
    );
    const archived = (await clickhouse.ask("select id from results final")).split("\n");
    expect(archived).toHaveLength(rows.length);
    const there = new Set(archived.map(BigInt));
    expect(rows.filter(({ id }) => !there.has(id))).toEqual([]);
  };
  const archiveRow = async (): Promise<Record<string, unknown>> =>
    await database.kysely.selectFrom("archives").selectAll().executeTakeFirstOrThrow();

  test("a result with the numbers of its packets, an overall score, a path", async () => {
    const { silent, answered } = exchanges();
    const evidence = toBinary(
      monitorV2.CheckEvidenceSchema,
      create(monitorV2.CheckEvidenceSchema, { exchanges: [silent, answered], selectedIndex: 1 }),
    );
    await run();
    await sql`
      with added as (
        insert into log_scores (ts, server_id, monitor_id, score_before, step, score, rule, offset_ns, bound_ns, rtt_ns,
          stratum, leap, reason, samples_sent, samples_answered, has_evidence, attributes)
        values ('2026-03-01T23:59:59.999999Z', 1, 1, -0.1, 1, 0.905, 'ours/1/good', -9007199254740993, 260000, 500000,
            2, 0, null, 2, 1, true, '{"trace_id": "x"}'),
          ('2026-03-02T00:00:00Z', 1, 2, null, -5, -100, '', null, null, null, null, null, 'timeout', 3, 0, false, null)
        returning id, ts, has_evidence
      )
      insert into check_evidence (log_score_id, ts, evidence) select id, ts, ${evidence} from added where has_evidence`.execute(
      database.kysely,
    );
    await sql`
      insert into traceroutes (ts, server_id, ip, port, monitor_id, reached, hops)
      values ('2026-03-01T12:00:00Z', 1, '2001:db8::1', 123, 1, true, '[{"hop_limit": 1, "answers": []}]')`.execute(
      database.kysely,
    );
    await run();
    const rows = await clickhouse.ask("select * from results order by ts_us format JSONEachRow");
    const [good, score] = rows
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const t1 = 1_800_000_000_000_000_000n;
    expect(good).toMatchObject({
      day: "2026-03-01",
      ts_us: "1772409599999999",
      server_address: "[2001:db8::1]:123",
      server_name: "ß 🕰️ \\' \" \t",
      monitor_name: "zrh",
      is_score: 0,
      score_before: -0.1,
      score: 0.905,
      offset_ns: "-9007199254740993",
      bound_ns: "260000",
      stratum: 2,
      reason: "",
      attributes: '{"trace_id": "x"}',
      precision_log2: -20,
      root_delay_ns: "0",
      reference_id: "0xc0000209",
      selected_exchange: 1,
      exchange_t1_ns: [String(t1), String(t1)],
      exchange_t2_ns: ["0", String(t1 + 1_250_000n)],
      exchange_t3_ns: ["0", String(t1 + 1_260_000n)],
      exchange_t4_ns: ["0", String(t1 + 510_000n)],
      exchange_reason: ["timeout", ""],
    });
    expect(score).toMatchObject({
      day: "2026-03-02",
      monitor_name: "recentmedian",
      is_score: 1,
      offset_ns: null,
      reason: "timeout",
      selected_exchange: null,
      exchange_t1_ns: [],
    });
    expect(await clickhouse.ask("select address, port, reached, hops, at from traceroutes")).toBe(
      '2001:db8::1\t123\t1\t[{"answers": [], "hop_limit": 1}]\t2026-03-01 12:00:00',
    );
    expect(await archiveRow()).toMatchObject({
      results_sent: 2n,
      traceroutes_sent: 1n,
      older_from: null,
    });
  });

  test("what was there before the archive, and transactions that end in another order", async () => {
    await insert(2_500);
    const late = await database.pool.connect();
    try {
      await late.query("begin");
      await late.query(
        "insert into log_scores (ts, server_id, monitor_id, step, score) select now(), 1, 1, 1, 1 from generate_series(1, 3)",
      );
      await late.query(
        "insert into traceroutes (ts, ip, port, monitor_id, reached, hops) values (now(), '192.0.2.1', 123, 1, true, '[]')",
      );
      // The archive is new: it waits for whoever is storing a path.
      const first = run();
      await insert(10, "30 minutes");
      await late.query("commit");
      await first;
    } finally {
      late.release();
    }
    await insert(7, "2 hours");
    await run();
    await expectAll();
    expect(await clickhouse.ask("select count() from traceroutes")).toBe("1");
    expect(await archiveRow()).toMatchObject({
      older_from: null,
      older_to: null,
      failing_since: null,
    });
  });

  test("sent again what was acknowledged and not noted, the archive keeps it once", async () => {
    await run();
    await insert(100);
    const dying: Archive = {
      ...archive,
      writeResults: async (results, signal) => {
        await archive.writeResults(results, signal);
        throw new Error("killed here");
      },
    };
    await expect(run(dying)).rejects.toThrow("killed here");
    expect(await archiveRow()).toMatchObject({ results_sent: 0n, last_error: "internal" });
    await run();
    expect(await clickhouse.ask("select count() from results")).toBe("200");
    await expectAll();
  });

  test("while it is away it is told how far it is behind, and nothing is lost", async () => {
    const { admin, server } = await useServer(database, {
      archive: { kind: "clickhouse", url: clickhouse.url },
    });
    await run();
    await clickhouse.kill();
    await insert(50);
    await sql`update result_commits set accepted_at = now() - interval '10 minutes'`.execute(
      database.kysely,
    );
    await expect(run()).rejects.toMatchObject({ code: "peer_unreachable" });
    const [behind] = (await admin.getSystem({})).archives;
    expect(behind).toMatchObject({ kind: "clickhouse", resultsWaiting: 50n });
    expect(behind?.target).toBe(`${clickhouse.url}/default`);
    expect(behind?.lastError).toContain("peer_unreachable: ClickHouse at");
    expect(behind?.failingSince).toBeDefined();
    expect(Number(behind?.lag?.seconds)).toBeGreaterThanOrEqual(600);
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    expect(metrics).toMatch(/truechimer_archive_lag_seconds\{target="[^"]+"\} 6\d\d/);
    expect(metrics).toMatch(/truechimer_archive_results_waiting\{target="[^"]+"\} 50/);
    expect((await admin.getSystem({})).loops.map(({ name }) => name)).toContain("archive");
    // Away for longer than notes are kept: what it has not read becomes a range of time.
    await sql`update result_commits set accepted_at = now() - interval '2 hours'`.execute(
      database.kysely,
    );
    await purgeReadCommits(database);
    const [older] = (await admin.getSystem({})).archives;
    expect(older).toMatchObject({ resultsWaiting: 0n });
    expect(older?.olderFrom).toBeDefined();
    expect(Number(older?.lag?.seconds)).toBeGreaterThanOrEqual(7_200);
    await insert(5, "5 minutes");
    await clickhouse.restart();
    await run();
    await expectAll();
    const [good] = (await admin.getSystem({})).archives;
    expect(good).toMatchObject({ resultsWaiting: 0n, lastError: "" });
    expect(good?.olderFrom).toBeUndefined();
    expect(good?.failingSince).toBeUndefined();
    expect(Number(good?.lag?.seconds)).toBe(0);
  });

  test.each([
    { name: "at once", aged: false },
    { name: "after it was away for long", aged: true },
  ])("in a database that was restored elsewhere it goes on, $name", async ({ aged }) => {
    await run();
    await insert(5);
    // What came with the backup was counted by another PostgreSQL.
    await sql`update result_commits set cluster = 1`.execute(database.kysely);
    await sql`update archives set cluster = 1`.execute(database.kysely);
    await insert(7, "5 minutes");
    if (aged) {
      await sql`update result_commits set accepted_at = now() - interval '2 hours'`.execute(
        database.kysely,
      );
      await purgeReadCommits(database);
      expect(await archiveRow()).toMatchObject({ older_from: expect.any(String) as string });
      await insert(3, "1 minute");
    }
    await run();
    await expectAll();
    const { rows } = await sql<{ readonly own: boolean }>`
      select cluster = system_identifier as own from archives, pg_control_system()`.execute(
      database.kysely,
    );
    expect(rows).toEqual([{ own: true }]);
  });

  test("a transaction of more results than one page holds is sent by its time", async () => {
    await run();
    await insert(21);
    await insert(3, "3 hours");
    const limits = { ...ARCHIVE_LIMITS, resultsAPage: 10, resultsOfOnePageMax: 20 };
    const inserted: number[] = [];
    const counting: Archive = {
      ...archive,
      writeResults: (results, signal) => {
        inserted.push(results.length);
        return archive.writeResults(results, signal);
      },
    };
    const { signal } = new AbortController();
    await runArchive({ database, clock: systemClock }, counting, signal, limits);
    expect(inserted.toSorted((a, b) => a - b)).toEqual([1, 3, 10, 10]);
    await expectAll();
    expect(await archiveRow()).toMatchObject({ older_from: null });
  });

  test("tables that somebody has dropped are made anew", async () => {
    await run();
    await insert(3);
    await clickhouse.ask("drop table results");
    await expect(run()).rejects.toMatchObject({ code: "archive_refused" });
    await run();
    await expectAll();
  });

  test("an account that is refused is told apart from a server that does not answer", async () => {
    await using stranger = createClickHouseArchive(
      { url: clickhouse.url, account: { username: "nobody", password: "secret-word" } },
      systemClock,
    );
    await insert(1);
    await expect(run(stranger)).rejects.toMatchObject({
      code: "archive_refused",
      message: expect.stringMatching(/answers with its error 192\b/),
    });
    expect(JSON.stringify(await archiveRow(), (_, value: unknown) => String(value))).not.toContain(
      "secret-word",
    );
  });

  test("retention waits for what is not sent, to a limit, and then says what was lost", async () => {
    await run();
    await sql`update archives set older_from = now() - interval '20 days 1 hour', older_to = now()`.execute(
      database.kysely,
    );
    expect(await daysToKeep(database.kysely, 10)).toBe(22);
    expect(await daysToKeep(database.kysely, 50)).toBe(50);
    await sql`update archives set older_from = now() - interval '90 days'`.execute(database.kysely);
    expect(await daysToKeep(database.kysely, 10)).toBe(10 + ARCHIVE_WAIT_DAYS_MAX);
    const policy = { ...LOCAL_POLICY, retentionMs: 10 * DAY_MS };
    await dropOldDays({ database, policy, logger: silentLogger });
    const { rows } = await sql<{ readonly lost: boolean; readonly moved: boolean }>`
      select lost_before = date_trunc('day', now(), 'UTC') - interval '40 days' as lost, older_from = lost_before as moved
      from archives`.execute(database.kysely);
    expect(rows).toEqual([{ lost: true, moved: true }]);
    // One that was switched off holds nothing up.
    await sql`update archives set tried_at = now() - interval '8 days'`.execute(database.kysely);
    expect(await daysToKeep(database.kysely, 10)).toBe(10);
  });

  test("paths wait for it, and go with the results of their time when it is gone", async () => {
    await run();
    await sql`
      insert into traceroutes (ts, ip, port, monitor_id, reached, hops)
      select now() - n * interval '1 day', '192.0.2.1', 123, 1, true, '[]' from unnest(array[1, 20, 80]) n`.execute(
      database.kysely,
    );
    const policy = { ...LOCAL_POLICY, retentionMs: 10 * DAY_MS };
    const left = async (): Promise<number> => {
      await cleanUp({ database, policy });
      return (await database.kysely.selectFrom("traceroutes").select("id").execute()).length;
    };
    expect(await left()).toBe(2);
    await run();
    expect(await left()).toBe(1);
    expect(await clickhouse.ask("select count() from traceroutes")).toBe("2");
  });

  test("a process that is killed in the middle is followed by one that sends the rest", async () => {
    await withTemplateDatabase(async (own) => {
      await insertFleet(own);
      const rows = 10_005;
      await sql`
        insert into log_scores (ts, server_id, monitor_id, step, score)
        select now() - n * interval '1 ms', 1, 1, 1, 20 from generate_series(1, ${rows}::int) n`.execute(
        own.kysely,
      );
      const count = async (): Promise<number> =>
        Number(await clickhouse.ask("select uniqExact(id) from results"));
      const first = startWorker(own.url, clickhouse.url);
      await vi.waitFor(async () => expect(await count()).toBeGreaterThan(0), WAIT);
      await end(first, "SIGKILL");
      const second = startWorker(own.url, clickhouse.url);
      try {
        await vi.waitFor(async () => expect(await count()).toBe(rows), WAIT);
        await vi.waitFor(async () => {
          const row = await own.kysely.selectFrom("archives").selectAll().executeTakeFirstOrThrow();
          expect(row).toMatchObject({ older_from: null, last_error: "" });
        }, WAIT);
      } finally {
        await end(second, "SIGTERM");
      }
    });
  });
});

async function insertFleet({ kysely }: TestDatabase): Promise<void> {
  await sql`
    insert into servers (name, ip, port, ip_version) values (${"ß 🕰️ \\' \" \t"}, '2001:db8::1', 123, 'v6')`.execute(
    kysely,
  );
  await sql`
    insert into monitors (id_token, type, hostname, ip, ip_version, status)
    values ('m', 'monitor', 'zrh', '198.51.100.1', 'v4', 'active'), ('s', 'score', 'recentmedian', null, null, 'active')`.execute(
    kysely,
  );
}

function startWorker(url: string, clickhouseUrl: string): ChildProcess {
  return spawn(process.execPath, ["--conditions=source", WORKER, url, clickhouseUrl], {
    stdio: ["pipe", "inherit", "inherit"],
  });
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, "close");
  child.kill(signal);
  await closed;
}
