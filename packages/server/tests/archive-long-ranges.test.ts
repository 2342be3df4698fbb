// What is older than the retention is answered from a real ClickHouse, as the database answered it while it had it.

import { readFile } from "node:fs/promises";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { adminV1 } from "@truechimer/api";
import { systemClock } from "@truechimer/base";
import {
  type ClickHouse,
  clickHouseAvailable,
  startClickHouse,
} from "@truechimer/testing-clickhouse";
import { useDatabase } from "@truechimer/testing-postgres";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Archive } from "../src/archive/archive.ts";
import { createClickHouseArchive } from "../src/archive/clickhouse/clickhouse-archive.ts";
import { runArchive } from "../src/archive/run-archive.ts";
import { LOCAL_POLICY } from "../src/policy.ts";
import { insertFilterRows } from "./_filter-rows.ts";
import { startServer, type TestServer } from "./_test-server.ts";

const LIMIT_MS = 60_000;
const DAY_MS = 86_400_000;
const RETENTION_DAYS = 3;
const FROM = timestampFromMs(Date.now() - 9 * DAY_MS);
const TO = timestampFromMs(Date.now());
const FILTERS: readonly string[] = [
  "",
  "reason:kiss_rate",
  "abs_offset>5ms",
  'server:"emoji" stratum>2',
  "monitor.country:de",
  "reason:timeout score<10",
  "-verdict:truechimer step:1",
];
const database = await useDatabase();
const { kysely } = database;

describe.skipIf(!clickHouseAvailable())(
  "ranges beyond the retention",
  { timeout: LIMIT_MS },
  () => {
    let clickhouse: ClickHouse;
    let archive: Archive;
    /** The answers of a database that has everything. */
    let whole: TestServer;
    /** Of one that has dropped the older days, beside an archive. */
    let short: TestServer;
    const expected = new Map<string, unknown>();
    const ids: bigint[] = [];

    const stack = new AsyncDisposableStack();

    beforeAll(async () => {
      clickhouse = stack.use(await startClickHouse());
      archive = stack.use(createClickHouseArchive({ url: clickhouse.url }, systemClock));
      await insertFilterRows(database);
      // A check an hour, with an overall score beside every fourth, over eight days; some of the same instant.
      await sql`update log_scores set ts = date_trunc('minute', now() - (now() - ts) * 60)`.execute(
        kysely,
      );
      await sql`
      insert into monitors (id_token, type, hostname, status)
      values ('rm', 'score', 'recentmedian', 'active'), ('ev', 'score', 'every', 'active')`.execute(
        kysely,
      );
      await sql`
      insert into log_scores (ts, server_id, monitor_id, step, score)
      select l.ts, l.server_id, m.id, 0, l.score from log_scores l cross join monitors m
      where m.type = 'score' and l.id % 4 = 0`.execute(kysely);
      const { rows } = await sql<{
        readonly id: bigint;
      }>`select id from servers order by id`.execute(kysely);
      ids.push(...rows.map(({ id }) => id));
      whole = await startServer(database);
      stack.use(whole.server);
      for (const key of questions()) expected.set(key, await answer(whole, key));
      // Twice, so that there is something to be told once.
      for (let time = 0; time < 2; time += 1) {
        await sql`delete from archives`.execute(kysely);
        await runArchive({ database, clock: systemClock }, archive, new AbortController().signal);
      }
      await sql`delete from log_scores where ts < date_trunc('day', now(), 'UTC') - make_interval(days => ${RETENTION_DAYS}::int)`.execute(
        kysely,
      );
      short = await startServer(database, {
        archive: { url: clickhouse.url },
        policy: { ...LOCAL_POLICY, retentionMs: RETENTION_DAYS * DAY_MS },
      });
      stack.use(short.server);
    }, LIMIT_MS);
    afterAll(() => stack.disposeAsync());

    const questions = (): readonly string[] => [
      ...FILTERS.flatMap((filter) => [`newest 7 ${filter}`, `oldest 500 ${filter}`]),
      ...ids.slice(0, 3).flatMap((id) => [`history 2000 ${id}`, `history 8 ${id}`]),
      `servers ${ids.slice(0, 2).join()}`,
    ];

    const answer = async ({ admin }: TestServer, key: string): Promise<unknown> => {
      const [kind = "", size = "", ...rest] = key.split(" ");
      if (kind === "history") {
        const { series, rowsTotal, downSampled } = await admin.getServerHistory({
          serverId: BigInt(rest[0] ?? ""),
          from: FROM,
          to: TO,
          pointsMax: Number(size),
        });
        if (!downSampled) return { series, rowsTotal };
        // The slots of two stores are others than those of one: what each series reaches is the same.
        return {
          rowsTotal,
          series: series.map(({ monitorId, score, offsetNs, reason }) => ({
            monitorId,
            least: Math.min(...offsetNs.filter(Number.isFinite)),
            greatest: Math.max(...offsetNs.filter(Number.isFinite)),
            worst: Math.min(...score),
            failed: reason.some((code) => code !== ""),
          })),
        };
      }
      const checks: unknown[] = [];
      let pageToken = "";
      do {
        const page = await admin.listResults({
          from: FROM,
          to: TO,
          filter: rest.join(" "),
          order:
            kind === "oldest" ? adminV1.ResultOrder.OLDEST_FIRST : adminV1.ResultOrder.NEWEST_FIRST,
          pageSize: kind === "servers" ? 500 : Number(size),
          serverIds: kind === "servers" ? size.split(",").map(BigInt) : [],
          pageToken,
        });
        checks.push(
          ...page.checks.map(({ check, serverName }) => [
            serverName,
            { ...check, hasEvidence: false },
          ]),
        );
        pageToken = page.nextPageToken;
      } while (pageToken !== "");
      return checks;
    };

    test("lists, under filters, in both orders and in pages of any size", async () => {
      for (const key of questions().filter((each) => !each.startsWith("history"))) {
        const found = await answer(short, key);
        expect({ key, found }).toEqual({ key, found: expected.get(key) });
      }
      expect((expected.get("newest 7 ") as readonly unknown[]).length).toBe(200);
    });

    test("charts: every row, and what is kept of more than there are points", async () => {
      for (const key of questions().filter((each) => each.startsWith("history"))) {
        const found = await answer(short, key);
        expect({ key, found }).toEqual({ key, found: expected.get(key) });
      }
    });

    test("an answer says where it comes from and how far back there is anything", async () => {
      const [serverId = 0n] = ids;
      const older = { from: FROM, to: timestampFromMs(Date.now() - 5 * DAY_MS) };
      const listed = await short.admin.listResults(older);
      expect(listed).toMatchObject({ fromArchive: true, fromDatabase: false, fromMemory: false });
      expect(Number(listed.horizon?.seconds) * 1_000).toBeLessThan(Date.now() - 8 * DAY_MS);
      expect(await short.admin.listResults({})).toMatchObject({
        fromArchive: false,
        fromDatabase: true,
      });
      await sql`update servers set created_on = now() - interval '1 year'`.execute(kysely);
      const history = await short.admin.getServerHistory({ serverId, ...older });
      expect(history).toMatchObject({ fromArchive: true, fromMemory: false });
      expect(history.horizon).toEqual(listed.horizon);
      expect(await short.admin.getServerHistory({ serverId })).toMatchObject({
        fromArchive: false,
      });
    });

    test("the question of the how-to", async () => {
      const page = new URL("../../../docs/how-to/keep-results-for-years.md", import.meta.url);
      const blocks = [...(await readFile(page, "utf8")).matchAll(/```sql\n(select .*?);\n```/gs)];
      expect(blocks).toHaveLength(1);
      const since = new Date(Date.now() - 30 * DAY_MS).toISOString().slice(0, 10);
      const question = (blocks[0]?.[1] ?? "").replace(/day >= '[-\d]+'/, `day >= '${since}'`);
      const rows = (await clickhouse.ask(question)).split("\n").map((row) => row.split("\t"));
      expect(rows.every(([, , offsetMs]) => Number.isFinite(Number(offsetMs)))).toBe(true);
      const checks = rows.reduce((sum, row) => sum + Number(row[3]), 0);
      const [good] = (
        await sql<{ readonly checks: bigint }>`
        select count(*) as checks from log_scores l join monitors m on m.id = l.monitor_id
        where m.type = 'monitor' and l.reason is null`.execute(kysely)
      ).rows;
      expect(checks).toBeGreaterThan(Number(good?.checks));
      expect(checks).toBe(160);
    });

    test("what the archive has not been sent is asked of the database, however old", async () => {
      await sql`
      insert into log_scores (ts, server_id, monitor_id, step, score)
      select now() - interval '5 days', ${ids[0]}::bigint, min(id), 1, 20 from monitors where type = 'monitor'`.execute(
        kysely,
      );
      const page = await short.admin.listResults({
        from: FROM,
        to: TO,
        serverIds: ids.slice(0, 1),
      });
      const newest = page.checks.toSorted((a, b) =>
        Number((b.check?.id ?? 0n) - (a.check?.id ?? 0n)),
      );
      expect(Number(newest[0]?.check?.at?.seconds) * 1_000).toBeLessThan(Date.now() - 4 * DAY_MS);
      expect(page).toMatchObject({ fromArchive: true, fromDatabase: true });
      await sql`delete from log_scores where ts < now() - interval '4 days'`.execute(kysely);
      await sql`truncate result_commits`.execute(kysely);
    });

    test("while it is away a range that needs it is refused, and every other is answered", async () => {
      await clickhouse.kill();
      await expect(short.admin.listResults({ from: FROM, to: TO, order: 2 })).rejects.toThrow(
        /ClickHouse at .* does not answer/,
      );
      expect((await short.admin.listResults({})).checks.length).toBeGreaterThan(0);
      await clickhouse.restart();
      expect((await short.admin.listResults({ from: FROM, to: TO, order: 2 })).fromArchive).toBe(
        true,
      );
    });
  },
);
