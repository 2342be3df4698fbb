import { useDatabase, withTemplateDatabase } from "@truechimer/testing-postgres";
import { describe, expect, test } from "vitest";
import {
  advisoryLockId,
  type Database,
  inTransaction,
  maintainPartitions,
  type Timestamptz,
  timestamptzFromNs,
} from "../src/index.ts";

const at = (text: string): bigint => BigInt(Date.parse(text)) * 1_000_000n;
const timestamp = (text: string): Timestamptz => timestamptzFromNs(at(text));
const nowNs = at("2026-03-10T23:59:59.999Z");

async function addResult(database: Database, ts: Timestamptz): Promise<void> {
  await database.kysely
    .insertInto("log_scores")
    .values({ ts, server_id: 1n, monitor_id: 1n, step: 1, score: 1 })
    .execute();
}

/** Partition → number of its rows, empty ones left out. */
async function rowsByPartition(database: Database): Promise<Record<string, bigint>> {
  const { rows } = await database.pool.query<{ partition: string; rows: bigint }>(
    "select tableoid::regclass::text as partition, count(*) as rows from log_scores group by 1 order by 1",
  );
  return Object.fromEntries(rows.map(({ partition, rows: count }) => [partition, count]));
}

async function partitionNames(database: Database, table: string): Promise<readonly string[]> {
  const { rows } = await database.pool.query<{ name: string }>(
    "select inhrelid::regclass::text as name from pg_inherits where inhparent = $1::regclass order by 1",
    [table],
  );
  return rows.map(({ name }) => name);
}

test("a new database gets yesterday, today and the days ahead, in UTC", async () => {
  await withTemplateDatabase(async (database) => {
    const { created } = await maintainPartitions(database, { nowNs, daysAhead: 2 });
    expect(created).toHaveLength(4 * 4);
    expect(await partitionNames(database, "log_scores")).toEqual([
      "log_scores_20260309",
      "log_scores_20260310",
      "log_scores_20260311",
      "log_scores_20260312",
      "log_scores_default",
    ]);
    await addResult(database, timestamp("2026-03-10T23:59:59.999999Z"));
    await addResult(database, timestamp("2026-03-11T00:00:00Z"));
    expect(await rowsByPartition(database)).toEqual({
      log_scores_20260310: 1n,
      log_scores_20260311: 1n,
    });
  });
});

test("a second run changes nothing", async () => {
  await withTemplateDatabase(async (database) => {
    await maintainPartitions(database, { nowNs });
    expect(await maintainPartitions(database, { nowNs })).toEqual({
      busy: false,
      created: [],
      dropped: [],
      moved: 0,
      expired: 0,
      postponed: [],
    });
  });
});

test("without an instant it goes by the database's clock", async () => {
  await withTemplateDatabase(async (database) => {
    await maintainPartitions(database);
    const { rows } = await database.pool.query<{ day: string }>(
      "select to_char(now() at time zone 'UTC', 'YYYYMMDD') as day",
    );
    expect(await partitionNames(database, "check_evidence")).toContain(
      `check_evidence_${rows[0]?.day}`,
    );
  });
});

describe("rows that came while their day was missing", () => {
  test("are moved to it with all their columns, and stay where they are until it is near", async () => {
    await withTemplateDatabase(async (database) => {
      await addResult(database, timestamp("2026-03-10T12:00:00Z"));
      await addResult(database, timestamp("2026-03-02T12:00:00.000001Z"));
      await addResult(database, timestamp("2026-04-01T00:00:00Z"));
      const before = await database.kysely
        .selectFrom("log_scores")
        .selectAll()
        .orderBy("id")
        .execute();
      const { moved } = await maintainPartitions(database, { nowNs });
      expect(moved).toBe(2);
      expect(await rowsByPartition(database)).toEqual({
        log_scores_20260302: 1n,
        log_scores_20260310: 1n,
        log_scores_default: 1n,
      });
      expect(
        await database.kysely.selectFrom("log_scores").selectAll().orderBy("id").execute(),
      ).toEqual(before);
    });
  });

  test("are dropped when they are beyond retention", async () => {
    await withTemplateDatabase(async (database) => {
      await addResult(database, timestamp("1999-12-31T12:00:00Z"));
      await addResult(database, timestamp("2026-03-05T00:00:00Z"));
      const { expired } = await maintainPartitions(database, {
        nowNs,
        retentionDays: { log_scores: 5 },
      });
      expect(expired).toBe(1);
      expect(await rowsByPartition(database)).toEqual({ log_scores_20260305: 1n });
    });
  });
});

test("days beyond retention are dropped whole, each table by its own setting", async () => {
  await withTemplateDatabase(async (database) => {
    await maintainPartitions(database, { nowNs: at("2026-03-01T00:00:00Z"), daysAhead: 0 });
    const { dropped } = await maintainPartitions(database, {
      nowNs,
      retentionDays: { log_scores: 9, check_evidence: 8, server_slots: 10, monitor_slots: 10 },
    });
    expect(dropped).toEqual([
      "log_scores_20260228",
      "check_evidence_20260228",
      "check_evidence_20260301",
    ]);
  });
});

test("a clock that is years ahead takes two days of history at most", async () => {
  await withTemplateDatabase(async (database) => {
    await maintainPartitions(database, { nowNs, daysAhead: 1 });
    const { dropped, postponed } = await maintainPartitions(database, {
      nowNs: at("2036-02-07T06:28:16Z"),
      daysAhead: 0,
    });
    expect(dropped.filter((name) => name.startsWith("log_scores"))).toEqual([
      "log_scores_20260309",
      "log_scores_20260310",
    ]);
    expect(postponed).toContain("log_scores_20260311");
  });
});

test("a partition that somebody else has made counts by its bounds", async () => {
  await withTemplateDatabase(async (database) => {
    await database.pool.query(
      "create table march partition of log_scores for values from ('2026-03-01') to ('2026-04-01')",
    );
    await maintainPartitions(database, { nowNs });
    expect(await partitionNames(database, "log_scores")).toEqual(["log_scores_default", "march"]);
  });
});

describe("several replicas", () => {
  test("one maintains, the others see it and leave", async () => {
    await withTemplateDatabase(async (database) => {
      const runs = await Promise.all(
        Array.from({ length: 5 }, async () => await maintainPartitions(database, { nowNs })),
      );
      const created = runs.flatMap((run) => run.created);
      expect(created.length).toBe(new Set(created).size);
      expect(await partitionNames(database, "log_scores")).toHaveLength(6);
    });
  });

  test("a held lock means busy, and nothing is done", async () => {
    await withTemplateDatabase(async (database) => {
      const client = await database.pool.connect();
      await client.query("select pg_advisory_lock($1)", [advisoryLockId("partitions")]);
      expect(await maintainPartitions(database, { nowNs })).toMatchObject({
        busy: true,
        created: [],
      });
      client.release(true);
    });
  });

  test("a table in use is left for the next run", async () => {
    await withTemplateDatabase(async (database) => {
      const client = await database.pool.connect();
      await client.query("begin");
      await client.query("lock table log_scores_default in share mode");
      const { postponed, created } = await maintainPartitions(database, {
        nowNs,
        daysAhead: -1,
        lockTimeoutMs: 50,
      });
      expect(postponed).toEqual(["log_scores_default", "log_scores_20260309"]);
      expect(created).toContain("check_evidence_20260309");
      await client.query("rollback");
      client.release();
      const { created: later } = await maintainPartitions(database, { nowNs, daysAhead: -1 });
      expect(later).toEqual(["log_scores_20260309"]);
    });
  });
});

describe("writing while a day is made", () => {
  test("loses no row", async () => {
    await withTemplateDatabase(async (database) => {
      const rows = 200;
      const ts = timestamp("2026-03-10T12:00:00Z");
      const writing = Array.from({ length: rows }, async () => {
        await inTransaction(database, async (transaction) => {
          await transaction
            .insertInto("log_scores")
            .values({ ts, server_id: 1n, monitor_id: 1n, step: 1, score: 1 })
            .execute();
        });
      });
      await maintainPartitions(database, { nowNs });
      await Promise.all(writing);
      await maintainPartitions(database, { nowNs });
      expect(await rowsByPartition(database)).toEqual({ log_scores_20260310: BigInt(rows) });
    });
  });
});

describe("the tables", async () => {
  const database = await useDatabase();
  await maintainPartitions(database, { nowNs });

  test("a server's recent rows are found by index in the days asked for alone", async () => {
    const { rows } = await database.pool.query<{ "QUERY PLAN": string }>(
      `explain select score from log_scores
        where server_id = 1 and ts > '2026-03-10T12:00Z' and ts <= '2026-03-10T13:00Z'`,
    );
    const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
    expect(plan).toContain("log_scores_20260310_server_id_ts_idx");
    expect(plan).not.toContain("20260309");
  });
});
