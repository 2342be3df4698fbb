// What is older than the retention is answered from an archive, a real ClickHouse or Parquet in a directory or on an S3 server, as
// the database answered it while it had it.

import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { adminV1, monitorV2 } from "@truechimer/api";
import { systemClock, systemRandom } from "@truechimer/base";
import { clickHouseAvailable, startClickHouse } from "@truechimer/testing-clickhouse";
import { type TestDatabase, useDatabase } from "@truechimer/testing-postgres";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Archive } from "../src/archive/archive.ts";
import { createClickHouseArchive } from "../src/archive/clickhouse/clickhouse-archive.ts";
import type { ArchiveSettings } from "../src/archive/create-archive.ts";
import { createS3Store } from "../src/archive/parquet/s3-store.ts";
import { runArchive } from "../src/archive/run-archive.ts";
import { tokenHash } from "../src/http/token.ts";
import { createToken } from "../src/index.ts";
import { cleanUp } from "../src/loops/clean-up.ts";
import { LOCAL_POLICY } from "../src/policy.ts";
import { useDuckDb } from "./_duckdb.ts";
import { exchanges } from "./_exchanges.ts";
import { insertFilterRows } from "./_filter-rows.ts";
import { parquetArchiveIn } from "./_parquet-archive.ts";
import { startS3Server } from "./_s3-server.ts";
import { adminClient, startServer, type TestServer } from "./_test-server.ts";

const LIMIT_MS = 60_000;
const DAY_MS = 86_400_000;
const RETENTION_DAYS = 3;
const SHORT_POLICY = { ...LOCAL_POLICY, retentionMs: RETENTION_DAYS * DAY_MS };
const FROM = timestampFromMs(Date.now() - 9 * DAY_MS);
const TO = timestampFromMs(Date.now());
const EXPORTED = ["steps", "scores", "exchanges"] as const;
/** Of lists of events: all, of a server, under filters. */
const EVENTS_ASKED: readonly string[] = ["", "1", "kind:fault_changed", "server.name:*a*"];
/** Questions of exports of verdicts, in both orders, under filters, and from a place on. */
const VERDICTS_ASKED: readonly string[] = [
  "verdicts",
  "verdicts order=newest",
  "verdicts filter=verdict_after:falseticker",
  "verdicts order=newest&filter=server.name:*a*",
  "verdicts filter=monitor:none",
  "verdicts server_id=1",
];
const FILTERS: readonly string[] = [
  "",
  "reason:kiss_rate",
  "abs_offset>5ms",
  'server:"emoji" stratum>2',
  "monitor.country:de",
  "reason:timeout score<10",
  "-verdict:truechimer step:1",
];
/** A store of archives, which can be taken away for a while. */
interface Place extends AsyncDisposable {
  readonly settings: ArchiveSettings;
  open(): Archive;
  takeAway(): Promise<void>;
  bringBack(): Promise<void>;
  /** What a range is refused with while it is away. */
  readonly refusal: RegExp;
  /** A question of a person, of which columns the third and the fourth are numbers. */
  ask(question: string): Promise<readonly (readonly unknown[])[]>;
}

const PLACES: Readonly<Record<string, () => Promise<Place>>> = {
  clickhouse: async () => {
    const clickhouse = await startClickHouse();
    return {
      settings: { kind: "clickhouse", url: clickhouse.url },
      open: () => createClickHouseArchive({ url: clickhouse.url }, systemClock),
      takeAway: () => clickhouse.kill(),
      bringBack: () => clickhouse.restart(),
      refusal: /ClickHouse at .* does not answer/,
      ask: async (question) =>
        (await clickhouse.ask(question)).split("\n").map((row) => row.split("\t")),
      [Symbol.asyncDispose]: () => clickhouse[Symbol.asyncDispose](),
    };
  },
  directory: async () => {
    const directory = await mkdtemp(join(tmpdir(), "truechimer-archive-"));
    const away = `${directory}-away`;
    return {
      settings: { kind: "directory", directory },
      open: () => parquetArchiveIn(directory),
      // A link that leads nowhere: there is no such directory, and none that could be made.
      takeAway: () => rename(directory, away).then(() => writeFile(directory, "")),
      bringBack: () => rm(directory).then(() => rename(away, directory)),
      ask: async (question) => {
        const duckdb = await useDuckDb();
        const rows = await duckdb.rows(question.replace("/srv/truechimer/archive", directory));
        return rows.map((row) => Object.values(row));
      },
      refusal: /the archive's directory .* is not a directory/,
      [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
    };
  },
  s3: async () => {
    const server = await startS3Server();
    return {
      settings: { kind: "s3", ...server.settings },
      open: () => parquetArchiveIn(createS3Store(server.settings)),
      takeAway: () => server.kill(),
      bringBack: () => server.restart(),
      ask: async () => await Promise.resolve([]),
      refusal: /the archive at .* does not answer/,
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  },
};

const kinds = Object.keys(PLACES).filter((kind) => kind !== "clickhouse" || clickHouseAvailable());
const databases = new Map<string, TestDatabase>();
for (const kind of kinds) databases.set(kind, await useDatabase());

describe.each(kinds)("ranges beyond the retention, in %s", { timeout: LIMIT_MS }, (kind) => {
  const database = databases.get(kind) as TestDatabase;
  const { kysely } = database;
  let place: Place;
  let archive: Archive;
  /** The answers of a database that has everything. */
  let whole: TestServer;
  /** Of one that has dropped the older days, beside an archive. */
  let short: TestServer;
  const expected = new Map<string, unknown>();
  const ids: bigint[] = [];

  const archivedIds = { rows: new Map<bigint, adminV1.GetCheckResponse>() };
  /** Of the export before, by table. */
  const horizons = new Map<string, number>();
  const exported = new Map<string, readonly string[]>();
  const listedEvents = new Map<string, readonly adminV1.Event[]>();

  const stack = new AsyncDisposableStack();

  beforeAll(async () => {
    place = stack.use((await PLACES[kind]?.()) as Place);
    archive = stack.use(place.open());
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
    const { silent, answered } = exchanges();
    const packets = create(monitorV2.CheckEvidenceSchema, {
      exchanges: [silent, answered],
      selectedIndex: 1,
    });
    await sql`
      insert into check_evidence (log_score_id, ts, evidence)
      select id, ts, ${toBinary(monitorV2.CheckEvidenceSchema, packets)} from log_scores where has_evidence`.execute(
      kysely,
    );
    const { rows } = await sql<{
      readonly id: bigint;
    }>`select id from servers order by id`.execute(kysely);
    ids.push(...rows.map(({ id }) => id));
    whole = await startServer(database);
    stack.use(whole.server);
    // Beside those of the last day: of every server a change of its verdict every two hours, and others that are of its fault.
    await sql`
      insert into events (at, kind, server_id, verdict_before, verdict_after, reason, text, verdict_rules, fault_before, fault_after,
        evidence)
      select date_trunc('minute', now() - make_interval(hours => 2 * n)), kind, s.id,
        case kind when 'verdict_changed' then 'truechimer' end, case kind when 'verdict_changed' then 'falseticker' end, 'x', s.name || n,
        case kind when 'verdict_changed' then 'ours/1' end, case kind when 'fault_changed' then '' end,
        case kind when 'fault_changed' then 'server' end, case kind when 'fault_changed' then '[]'::jsonb end
      from servers s cross join generate_series(1, 96) n cross join (values ('verdict_changed'), ('fault_changed')) k (kind)`.execute(
      kysely,
    );
    for (const key of questions()) expected.set(key, await answer(whole, key));
    for (const asked of EVENTS_ASKED) listedEvents.set(asked, await eventsOf(whole, asked, 1_000));
    await sql`
        update log_scores set rule = 'ntp_pool_recentmedian/1/offset_good', score_before = score - 1, samples_sent = 2,
          samples_answered = 1, attributes = '{"from_ls_id": 7, "chosen_ls_id": 8}'`.execute(
      kysely,
    );
    for (const table of [...EXPORTED, ...VERDICTS_ASKED])
      exported.set(table, await exportOf(whole, table));
    // Of a day that goes, and whose neighbours go too.
    const old = await sql<{ readonly id: bigint }>`
        select l.id from log_scores l join monitors m on m.id = l.monitor_id
        where m.type = 'monitor' and ts < now() - interval '6 days' order by ts, id limit 40`.execute(
      kysely,
    );
    for (const { id } of old.rows) archivedIds.rows.set(id, await whole.admin.getCheck({ id }));
    // Twice, so that there is something to be told once.
    for (let time = 0; time < 2; time += 1) {
      await sql`delete from archives`.execute(kysely);
      await runArchive({ database, clock: systemClock }, archive, new AbortController().signal);
    }
    await sql`delete from log_scores where ts < date_trunc('day', now(), 'UTC') - make_interval(days => ${RETENTION_DAYS}::int)`.execute(
      kysely,
    );
    await cleanUp({ database, policy: SHORT_POLICY });
    short = await startServer(database, {
      archive: place.settings,
      policy: SHORT_POLICY,
    });
    stack.use(short.server);
  }, LIMIT_MS);
  afterAll(() => stack.disposeAsync());

  const questions = (): readonly string[] => [
    ...FILTERS.flatMap((filter) => [`newest 7 ${filter}`, `oldest 500 ${filter}`]),
    ...ids.slice(0, 3).flatMap((id) => [`history 2000 ${id}`, `history 8 ${id}`]),
    `servers ${ids.slice(0, 2).join()}`,
  ];

  /** Lines of JSON, without what only the database can say. */
  const exportOf = async (
    { server, adminKey }: TestServer,
    asked: string,
  ): Promise<readonly string[]> => {
    const [table = "", more = ""] = asked.split(" ");
    const from = new Date(Number(FROM.seconds) * 1_000).toISOString();
    const response = await fetch(`${server.url}/export/${table}.ndjson?from=${from}&${more}`, {
      headers: { authorization: `Bearer ${adminKey}` },
    });
    expect(response.status).toBe(200);
    horizons.set(table, Date.parse(response.headers.get("truechimer-horizon") ?? ""));
    return (await response.text()).split("\n").filter((line) => line !== "");
  };

  /** Of the first server: "1"; else a filter. */
  const eventsOf = async (
    { admin }: Pick<TestServer, "admin">,
    asked: string,
    pageSize: number,
  ): Promise<readonly adminV1.Event[]> => {
    const events: adminV1.Event[] = [];
    const which = asked === "1" ? { serverId: ids[0] ?? 0n } : { filter: asked };
    let pageToken = "";
    do {
      const page = await admin.listEvents({ ...which, pageSize, pageToken });
      expect(page.events.length).toBeLessThanOrEqual(pageSize);
      events.push(...page.events);
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    return events;
  };

  const answer = async ({ admin }: TestServer, key: string): Promise<unknown> => {
    const [asked = "", size = "", ...rest] = key.split(" ");
    if (asked === "history") {
      const { series, rowsTotal, downSampled, events } = await admin.getServerHistory({
        serverId: BigInt(rest[0] ?? ""),
        from: FROM,
        to: TO,
        pointsMax: Number(size),
      });
      if (!downSampled) return { series, rowsTotal, events };
      // The slots of two stores are others than those of one: what each series reaches is the same.
      return {
        rowsTotal,
        events,
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
          asked === "oldest" ? adminV1.ResultOrder.OLDEST_FIRST : adminV1.ResultOrder.NEWEST_FIRST,
        pageSize: asked === "servers" ? 500 : Number(size),
        serverIds: asked === "servers" ? size.split(",").map(BigInt) : [],
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

  test("a check down to the packet, and those beside it", async () => {
    const { rows } = archivedIds;
    for (const [id, before] of rows) {
      const found = await short.admin.getCheck({ id });
      expect(found.fromArchive).toBe(true);
      const hasPackets = kind !== "clickhouse";
      expect({ ...found, server: undefined, fromArchive: false }).toEqual({
        ...before,
        server: undefined,
        ...(hasPackets
          ? {}
          : {
              exchanges: [],
              selectedIndex: undefined,
              check: { ...before.check, hasEvidence: false },
            }),
      });
    }
    expect(rows.size).toBeGreaterThan(20);
    await expect(short.admin.getCheck({ id: 123_456_789n })).rejects.toThrow(/there is no check/);
  });

  test.runIf(kind !== "clickhouse")(
    "packets that the database has no more, of a check that it has",
    async () => {
      const { rows } = await sql<{ readonly id: bigint }>`
        select l.id from log_scores l join check_evidence e on e.log_score_id = l.id order by l.id limit 1`.execute(
        kysely,
      );
      const [{ id } = { id: 0n }] = rows;
      const before = await whole.admin.getCheck({ id });
      expect(before.exchanges).toHaveLength(2);
      await sql`delete from check_evidence where log_score_id = ${id}`.execute(kysely);
      expect((await whole.admin.getCheck({ id })).exchanges).toEqual([]);
      expect(await short.admin.getCheck({ id })).toEqual(before);
    },
  );

  test("exports of steps and scores, and of exchanges where their packets are there", async () => {
    for (const table of EXPORTED) {
      const found = await exportOf(short, table);
      expect(exported.get(table)?.length).toBeGreaterThan(0);
      // An archive in ClickHouse has the numbers of packets, and not the packets.
      if (table === "exchanges" && kind === "clickhouse") continue;
      expect({ table, found }).toEqual({ table, found: exported.get(table) });
    }
    const daysBack = (table: string): number => (Date.now() - (horizons.get(table) ?? 0)) / DAY_MS;
    expect(daysBack("steps")).toBeGreaterThan(8);
    // Packets are kept for 35 days in the database, and in Parquet for as long as the archive has them.
    expect(daysBack("exchanges")).toBeGreaterThan(8);
  });

  test("exports of verdicts, and events beside charts", async () => {
    const { rows: left } = await sql<{ readonly days: number }>`
      select (extract(epoch from now() - min(at)) / 86400)::float8 as days from events`.execute(
      kysely,
    );
    expect(left[0]?.days).toBeLessThan(RETENTION_DAYS + 1);
    for (const asked of VERDICTS_ASKED) {
      const found = await exportOf(short, asked);
      expect({ asked, found }).toEqual({ asked, found: exported.get(asked) });
    }
    expect((Date.now() - (horizons.get("verdicts") ?? 0)) / DAY_MS).toBeGreaterThan(8);
    const all = exported.get("verdicts") ?? [];
    expect(all.length).toBeGreaterThan(ids.length * 90);
    // From a row on that the archive alone has.
    const { at, id } = JSON.parse(all[40] ?? "") as { readonly at: string; readonly id: number };
    const rest = await exportOf(short, `verdicts after=${at},${id}`);
    expect(rest).toEqual(all.slice(41));
    const charts = await short.admin.getServerHistory({
      serverId: ids[0] ?? 0n,
      from: FROM,
      to: TO,
    });
    expect(charts.events.length).toBeGreaterThan(180);
  });

  test("lists of events go on where the database ends, in the order of time, each once", async () => {
    for (const asked of EVENTS_ASKED) {
      const all = [...(listedEvents.get(asked) ?? [])].toSorted(
        (a, b) => nsOf(b) - nsOf(a) || Number(b.id - a.id),
      );
      expect(all.length).toBeGreaterThan(90);
      for (const pageSize of [1_000, 73])
        expect(await eventsOf(short, asked, pageSize)).toEqual(all);
    }
  });

  test("a key of one account is told its own events alone, from either", async () => {
    const secret = createToken("tca_", systemRandom);
    await sql`insert into accounts (id_token, name) values ('narrow', 'narrow') on conflict do nothing`.execute(
      kysely,
    );
    await sql`
      update servers set account_id = (select id from accounts where id_token = 'narrow')
      where id = ${ids[0] ?? 0n}`.execute(kysely);
    await sql`
      insert into api_keys (name, token_hash, role, account_id)
      select 'narrow', ${tokenHash(secret)}, 'viewer', id from accounts where id_token = 'narrow'`.execute(
      kysely,
    );
    const ofOne = { admin: adminClient(short.server.url, secret) };
    const own = await eventsOf(short, "1", 1_000);
    expect(own.length).toBeGreaterThan(90);
    expect(await eventsOf(ofOne, "", 73)).toEqual(own);
    await sql`update servers set account_id = null where id = ${ids[0] ?? 0n}`.execute(kysely);
    expect(await eventsOf(ofOne, "", 73)).toEqual([]);
  });

  test("a filter that nothing passes ends, and a page token of another list is refused", async () => {
    expect(await eventsOf(short, "text:nothing_has_this", 10)).toEqual([]);
    await expect(
      short.admin.listEvents({ pageToken: Buffer.from("5").toString("base64url") }),
    ).rejects.toThrow(/page_token is not one of ours/);
  });

  test("an event that was not sent yet is in the database, however old", async () => {
    const [serverId = 0n] = ids;
    await sql`
      insert into events (at, kind, server_id, verdict_before, verdict_after, text)
      values (now() - interval '6 days', 'verdict_changed', ${serverId}, 'truechimer', 'falseticker', 'not sent')`.execute(
      kysely,
    );
    await cleanUp({ database, policy: SHORT_POLICY });
    const told = async (): Promise<number> =>
      (await exportOf(short, "verdicts")).filter((line) => line.includes('"not sent"')).length;
    expect(await told()).toBe(1);
    await runArchive({ database, clock: systemClock }, archive, new AbortController().signal);
    expect(await told()).toBe(1);
    await cleanUp({ database, policy: SHORT_POLICY });
    expect(await told()).toBe(1);
    const { events } = await short.admin.getServerHistory({ serverId, from: FROM, to: TO });
    expect(events.filter(({ text }) => text === "not sent")).toHaveLength(1);
    const { rows } = await sql`select from events where text = 'not sent'`.execute(kysely);
    expect(rows).toEqual([]);
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

  test.runIf(kind !== "s3")("the question of the how-to", async () => {
    const page = new URL("../../../docs/how-to/keep-results-for-years.md", import.meta.url);
    const blocks = [...(await readFile(page, "utf8")).matchAll(/```sql\n(select .*?);\n```/gs)];
    expect(blocks).toHaveLength(2);
    const [block] = blocks.filter(
      ([, text = ""]) => text.includes("read_parquet") === (kind === "directory"),
    );
    const since = new Date(Date.now() - 30 * DAY_MS).toISOString().slice(0, 10);
    const question = (block?.[1] ?? "").replace(/day >= '[-\d]+'/, `day >= '${since}'`);
    const rows = await place.ask(question);
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
    await place.takeAway();
    await expect(short.admin.listResults({ from: FROM, to: TO, order: 2 })).rejects.toThrow(
      place.refusal,
    );
    expect((await short.admin.listResults({})).checks.length).toBeGreaterThan(0);
    // What the database has is told; whoever asks on is told what is wrong.
    const { events, nextPageToken: pageToken } = await short.admin.listEvents({ pageSize: 1_000 });
    expect(events.length).toBeGreaterThan(0);
    await expect(short.admin.listEvents({ pageToken })).rejects.toThrow(place.refusal);
    await place.bringBack();
    expect((await short.admin.listResults({ from: FROM, to: TO, order: 2 })).fromArchive).toBe(
      true,
    );
  });
});

function nsOf({ at }: adminV1.Event): number {
  return Number(at?.seconds) * 1_000_000_000 + (at?.nanos ?? 0);
}
