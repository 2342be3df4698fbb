// Stored checks of a range: the same from memory, from the database and over the border between them, in any pages.

import { type Client, ConnectError, createClient, type Interceptor } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { adminV1 } from "@truechimer/api";
import { systemRandom } from "@truechimer/base";
import { timestamptzFromNs } from "@truechimer/database";
import { readFilter } from "@truechimer/filter";
import { useDatabase } from "@truechimer/testing-postgres";
import fc from "fast-check";
import { sql } from "kysely";
import { describe, expect, test, vi } from "vitest";
import { timestampFromNs } from "../src/admin-api/admin-message.ts";
import { conditionSql } from "../src/filter/condition-sql.ts";
import { CHECK_FILTER_COLUMNS } from "../src/filter/filter-columns.ts";
import { tokenHash } from "../src/http/token.ts";
import { createToken } from "../src/index.ts";
import { RESULTS_LIMITS } from "../src/results/results-question.ts";
import { HOSTILE, insertFilterRows } from "./_filter-rows.ts";
import { SMALL, WAIT } from "./_history.ts";
import { refusalOf } from "./_results.ts";
import { useServer } from "./_test-server.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const database = await useDatabase({ poolSize: 20 });
const { kysely } = database;
await insertFilterRows(database);
// As many results of the scorers, which are no checks, and some checks of the very same instant.
await sql`
  insert into log_scores (ts, server_id, monitor_id, step, score)
  select l.ts, l.server_id, m.id, 0, l.score from log_scores l
  join monitors m on m.type = 'score' and m.hostname = 'recentmedian'`.execute(kysely);
await sql`
  insert into log_scores (ts, server_id, monitor_id, step, score, offset_ns, stratum)
  select (select min(ts) from log_scores) + make_interval(mins => n / 5), s.id, m.id, 1, 20, n * 1000, 2
  from generate_series(1, 300) n join servers s on s.name = 'emoji 🕰️ clock' join monitors m on m.hostname = '-- or 1=1'`.execute(
  kysely,
);

type Answer = adminV1.ListResultsResponse;
interface Asked {
  readonly filter?: string;
  readonly fromNs?: bigint;
  readonly toNs?: bigint;
  readonly order?: adminV1.ResultOrder;
  readonly pageSize?: number;
  readonly serverIds?: bigint[];
}

const NS_PER_MINUTE = 60_000_000_000n;
const minutesAgo = (minutes: number): bigint =>
  BigInt(Date.now()) * 1_000_000n - BigInt(minutes) * NS_PER_MINUTE;
const { NEWEST_FIRST, OLDEST_FIRST } = adminV1.ResultOrder;

const replicas = {
  database: await useServer(database),
  memory: await useServer(database, { history: SMALL }),
  // What is older than this is in the database alone.
  both: await useServer(database, { history: { ...SMALL, retentionMs: 90 * 60_000 } }),
};

// Their histories are in memory before anything is asked.
for (const { admin } of [replicas.memory, replicas.both]) {
  await vi.waitFor(async () => {
    const { history } = await admin.getSystem({});
    if (history?.horizon === undefined || history.timeLeft !== undefined)
      throw new Error("the history is not loaded yet");
  }, WAIT);
}

/** All pages of it. */
async function ask(
  admin: Client<typeof adminV1.AdminService>,
  { fromNs, toNs, ...rest }: Asked,
): Promise<readonly Answer[]> {
  const pages: Answer[] = [];
  let pageToken = "";
  do {
    const page = await admin.listResults({
      ...rest,
      pageToken,
      ...(fromNs === undefined ? {} : { from: timestampFromNs(fromNs) }),
      ...(toNs === undefined ? {} : { to: timestampFromNs(toNs) }),
    });
    pages.push(page);
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return pages;
}

const idsOf = (pages: readonly Answer[]): readonly bigint[] =>
  pages.flatMap(({ checks }) => checks.map(({ check }) => check?.id ?? 0n));

/** In one statement. */
async function expectedIds({
  filter = "",
  fromNs,
  toNs,
  order,
  serverIds = [],
}: Asked): Promise<readonly bigint[]> {
  const nowNs = BigInt(Date.now()) * 1_000_000n;
  const condition = readFilter(filter, { subject: "checks", nowNs });
  if (!condition.ok) throw new Error(filter);
  const direction = order === OLDEST_FIRST ? sql`asc` : sql`desc`;
  const { rows } = await sql<{ readonly id: bigint }>`
    select l.id from log_scores l join servers s on s.id = l.server_id
    join monitors m on m.id = l.monitor_id left join agents a on a.id = m.agent_id
    where m.type = 'monitor' and l.ts >= ${timestamptzFromNs(fromNs ?? 0n)} and l.ts < ${timestamptzFromNs(toNs ?? nowNs)}
      and (${serverIds.length === 0} or s.id = any(${serverIds}::bigint[]))
      and ${conditionSql(condition.value, CHECK_FILTER_COLUMNS)}
    order by l.ts ${direction}, l.id ${direction}`.execute(kysely);
  return rows.map(({ id }) => id);
}

describe("a range", () => {
  const FILTERS = [
    "",
    "offset>5ms",
    "reason:timeout or abs_offset<1ms",
    "not reason:timeout",
    "server:*done",
    "server.verdict:falseticker monitor.country:de,ch",
    "monitor.online:yes stratum>=3",
    "server.id<4 or monitor.status:paused",
    "not (server:emoji* or bound>100us)",
    "rtt>100ms has_evidence:yes step<1",
    "score<10 leap:3",
    "quote",
    "monitor.location:none",
    "at<now-30m age<2h",
    "server:nobody",
    "id>100 id<200",
  ];

  test("has the same checks wherever they are read, in either order, with any filter and pages of any size", async () => {
    let matched = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          filter: fc.constantFrom(...FILTERS),
          order: fc.constantFrom(NEWEST_FIRST, OLDEST_FIRST),
          // Small ones as often as large ones, so that many a range has several pages.
          pageSize: fc.oneof(fc.integer({ min: 9, max: 20 }), fc.integer({ min: 9, max: 120 })),
          fromNs: fc.integer({ min: 50, max: 250 }).map(minutesAgo),
          toNs: fc.integer({ min: 0, max: 49 }).map(minutesAgo),
          serverIds: fc.subarray([1n, 5n, 7n]),
        }),
        async (asked) => {
          const expected = await expectedIds(asked);
          if (expected.length > asked.pageSize) matched += 1;
          for (const replica of Object.values(replicas))
            expect(idsOf(await ask(replica.admin, asked))).toEqual(expected);
        },
      ),
      { numRuns: 80 },
    );
    // The property says something: many a range has several pages.
    expect(matched).toBeGreaterThan(10);
  });

  test("is answered by whom it says, with the same facts", async () => {
    const asked = { fromNs: minutesAgo(180), toNs: minutesAgo(1), pageSize: 5_000 };
    const [fromDatabase] = await ask(replicas.database.admin, asked);
    const [fromMemory] = await ask(replicas.memory.admin, asked);
    const [fromBoth] = await ask(replicas.both.admin, asked);
    expect(fromMemory?.checks.length).toBeGreaterThan(150);
    expect(fromMemory?.checks).toEqual(fromDatabase?.checks);
    expect(fromBoth?.checks).toEqual(fromDatabase?.checks);
    expect(fromDatabase).toMatchObject({ fromMemory: false, fromDatabase: true });
    expect(fromDatabase?.memoryHorizon).toBeUndefined();
    expect(fromMemory).toMatchObject({ fromMemory: true, fromDatabase: false });
    expect(fromBoth).toMatchObject({ fromMemory: true, fromDatabase: true });
    const horizonNs = (fromBoth?.memoryHorizon?.seconds ?? 0n) * 1_000_000_000n;
    expect(horizonNs).toBeGreaterThan(minutesAgo(95));
    expect(horizonNs).toBeLessThan(minutesAgo(85));
    const [young] = await ask(replicas.both.admin, { ...asked, fromNs: minutesAgo(60) });
    expect(young).toMatchObject({ fromMemory: true, fromDatabase: false });
    const [old] = await ask(replicas.both.admin, { ...asked, toNs: minutesAgo(120) });
    expect(old).toMatchObject({ fromMemory: false, fromDatabase: true });
  });

  test("holds still while checks arrive, and its pages say how far they came", async () => {
    for (const { admin } of Object.values(replicas)) {
      const request = { pageSize: 20, order: OLDEST_FIRST };
      const first = await admin.listResults(request);
      const expected = await expectedIds(request);
      const { rows: arrived } = await sql<{ readonly id: bigint }>`
        insert into log_scores (ts, server_id, monitor_id, step, score)
        select now(), min(s.id), (select min(id) from monitors where type = 'monitor'), 1, 1 from servers s returning id`.execute(
        kysely,
      );
      const told = idsOf([first]).concat();
      let { nextPageToken: pageToken } = first;
      let reached = first.reached?.seconds ?? 0n;
      while (pageToken !== "") {
        const page = await admin.listResults({ ...request, pageToken });
        told.push(...idsOf([page]));
        expect(page.reached?.seconds ?? 0n).toBeGreaterThanOrEqual(reached);
        reached = page.reached?.seconds ?? 0n;
        pageToken = page.nextPageToken;
      }
      expect(told).toEqual(expected);
      expect(told).not.toContain(arrived[0]?.id);
      // The next question has it, and from memory, too.
      expect((await admin.listResults({ pageSize: 1 })).checks[0]?.check?.id).toBe(arrived[0]?.id);
    }
  });

  test("from before anything is kept is empty, and no mistake", async () => {
    for (const { admin } of Object.values(replicas)) {
      const answer = await admin.listResults({ to: timestampFromNs(1_000_000_000_000_000_000n) });
      expect(answer).toMatchObject({ checks: [], nextPageToken: "" });
    }
  });

  test("that is empty, of too many servers, or of one that is none is refused, and so is a filter with its place", async () => {
    const { admin } = replicas.memory;
    const at = timestampFromNs(minutesAgo(5));
    expect(await refusalOf(admin.listResults({ from: at, to: at }))).toBe("bad_request");
    expect(await refusalOf(admin.listResults({ pageSize: RESULTS_LIMITS.pageMax + 1 }))).toBe(
      "limit_exceeded",
    );
    const serverIds = Array.from({ length: RESULTS_LIMITS.serversMax + 1 }, (_, n) => BigInt(n));
    expect(await refusalOf(admin.listResults({ serverIds }))).toBe("limit_exceeded");
    expect(await refusalOf(admin.listResults({ serverIds: [1n, 987_654n] }))).toBe("not_found");
    expect(await refusalOf(admin.listResults({ order: 7 as never }))).toBe("bad_request");
    expect(await refusalOf(admin.listResults({ pageToken: "AAAA" }))).toBe("bad_request");
    const forged = Buffer.from("1|'; drop table servers|1").toString("base64url");
    expect(await refusalOf(admin.listResults({ pageToken: forged }))).toBe("bad_request");
    const refused = await admin
      .listResults({ filter: "lab:no or (" })
      .catch((error: unknown) => ConnectError.from(error));
    if (!(refused instanceof ConnectError)) throw new Error("it was accepted");
    expect(refused.metadata.get("truechimer-error-code")).toBe("bad_filter");
    expect(refused.rawMessage).toMatch(/^filter, character \d+: /);
  });
});

test("a filter that nothing passes is looked for in pieces: a page comes back, and its token goes on", async () => {
  const rows = RESULTS_LIMITS.memoryRowsMax + 10_000;
  await sql`
    insert into log_scores (ts, server_id, monitor_id, step, score)
    select now() - interval '4 hours' - n * interval '100 ms', 1 + n % 8,
      (select min(id) from monitors where type = 'monitor'), 1, 20
    from generate_series(1, ${rows}::int) n`.execute(kysely);
  await sql`analyze log_scores`.execute(kysely);
  const asked = {
    filter: "step:0.5 server.id<8",
    fromNs: minutesAgo(1_000),
    toNs: minutesAgo(239),
    pageSize: 100,
  };
  for (const [name, { admin }] of Object.entries(replicas)) {
    const pages = await ask(admin, asked);
    expect(idsOf(pages)).toEqual([]);
    expect(pages.length).toBeGreaterThan(1);
    const callMax =
      name === "memory" ? RESULTS_LIMITS.memoryRowsMax : RESULTS_LIMITS.databaseRowsMax;
    expect(pages.length).toBeLessThanOrEqual(Math.ceil(rows / callMax) + 2);
    const [first] = pages;
    expect(first?.reached?.seconds).toBeGreaterThan(asked.fromNs / 1_000_000_000n);
    expect(pages.at(-1)?.reached?.seconds).toBe(asked.fromNs / 1_000_000_000n);
  }
});

test("an account sees the checks of its own servers, from memory and from the database, and of no others", async () => {
  const { id: ours } = await kysely
    .insertInto("accounts")
    .values({ id_token: "ours", name: "ours" })
    .returning("id")
    .executeTakeFirstOrThrow();
  await sql`update servers set account_id = ${ours} where name = ${HOSTILE[2]}`.execute(kysely);
  const { rows } = await sql<{ readonly id: bigint }>`
    select l.id from log_scores l join servers s on s.id = l.server_id join monitors m on m.id = l.monitor_id
    where s.name = ${HOSTILE[2]} and m.type = 'monitor' and l.ts > now() - interval '3 hours'
    order by l.ts desc, l.id desc`.execute(kysely);
  const theirs = (
    await sql<{ readonly id: bigint }>`
    select id from servers where name <> ${HOSTILE[2]} limit 1`.execute(kysely)
  ).rows[0];
  const secret = createToken("tca_", systemRandom);
  await kysely
    .insertInto("api_keys")
    .values({ name: "ours", token_hash: tokenHash(secret), role: "viewer", account_id: ours })
    .execute();
  for (const { server } of Object.values(replicas)) {
    const admin = adminWith(server.url, secret);
    const pages = await ask(admin, { fromNs: minutesAgo(180), pageSize: 7 });
    expect(idsOf(pages)).toEqual(rows.map(({ id }) => id));
    expect(rows.length).toBeGreaterThan(7);
    const other = { serverIds: [theirs?.id ?? 0n] };
    expect(await refusalOf(admin.listResults(other))).toBe("not_found");
    // Nor by a filter that is about others, whatever stands beside it.
    const filter = `server.id:${theirs?.id} or server.id:0`;
    expect(idsOf(await ask(admin, { filter, pageSize: 1_000 }))).toEqual([]);
  }
});

function adminWith(baseUrl: string, secret: string): Client<typeof adminV1.AdminService> {
  const authorize: Interceptor = (next) => (request) => {
    request.header.set("authorization", `Bearer ${secret}`);
    return next(request);
  };
  return createClient(
    adminV1.AdminService,
    createConnectTransport({ baseUrl, httpVersion: "1.1", interceptors: [authorize] }),
  );
}
