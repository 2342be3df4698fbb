// Exports as files over plain HTTP: whole, safe, for those who may read them, going on where they ended, and breaking off
// visibly.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, toBinary } from "@bufbuild/protobuf";
import { EXPORT_TABLES, type ExportTableName, monitorV2 } from "@truechimer/api";
import { systemRandom } from "@truechimer/base";
import { useDatabase } from "@truechimer/testing-postgres";
import { sql } from "kysely";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { auditHash } from "../src/audit/audit-entry.ts";
import { tokenHash } from "../src/http/token.ts";
import { createToken } from "../src/index.ts";
import { DUCKDB_TYPES, exactColumn, exactValue, useDuckDb } from "./_duckdb.ts";
import { exchanges } from "./_exchanges.ts";
import { HOSTILE, insertFilterRows } from "./_filter-rows.ts";
import { useServer } from "./_test-server.ts";

const database = await useDatabase();
const { kysely } = database;
await insertFilterRows(database);
/** Fifteen megabytes: more than sockets take when nobody reads. */
const MORE = 60_000;
await sql`
  insert into log_scores (ts, server_id, monitor_id, step, score)
  select now() - interval '1 day' + n * interval '1 ms', (select min(id) from servers),
    (select min(id) from monitors where type = 'monitor'), 1, 20
  from generate_series(1, ${MORE}::int) n`.execute(kysely);
const { silent, answered } = exchanges();
await sql`
  insert into check_evidence (log_score_id, ts, evidence)
  select id, ts, ${toBinary(monitorV2.CheckEvidenceSchema, create(monitorV2.CheckEvidenceSchema, { exchanges: [silent, answered], selectedIndex: 1 }))}
  from log_scores where has_evidence`.execute(kysely);
await sql`
  insert into monitors (id_token, type, hostname, status) values ('s1', 'score', 'recentmedian', 'active')`.execute(
  kysely,
);
await sql`
  insert into log_scores (ts, server_id, monitor_id, score_before, step, score, attributes)
  select l.ts, l.server_id, (select id from monitors where type = 'score'), null, l.step, l.score,
    jsonb_build_object('from_ls_id', l.id, 'chosen_ls_id', l.id)
  from log_scores l where l.has_evidence`.execute(kysely);
const { server, admin, adminKey } = await useServer(database);
await admin.pauseServers({ ids: [1n] });
await admin.resumeServers({ ids: [1n, 2n] });
await kysely.updateTable("servers").set({ name: "=1+2" }).where("id", "=", 2n).execute();

async function get(path: string, secret: string = adminKey): Promise<Response> {
  return await fetch(`${server.url}/export/${path}`, {
    headers: { authorization: `Bearer ${secret}` },
    signal: AbortSignal.timeout(20_000),
  });
}

async function key(
  accountId: bigint | null,
  procedures: readonly string[] | null = null,
  role: "viewer" | "admin" = "viewer",
): Promise<string> {
  const secret = createToken("tca_", systemRandom);
  await kysely
    .insertInto("api_keys")
    .values({
      name: "k",
      token_hash: tokenHash(secret),
      role,
      account_id: accountId,
      procedures,
    })
    .execute();
  return secret;
}

const linesOf = (text: string): readonly { readonly id: number; readonly server: string }[] =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as { readonly id: number; readonly server: string });

test("every check is in the file, the oldest first, as lines of JSON and as CSV", async () => {
  const ndjson = await get("checks.ndjson");
  expect(ndjson.headers.get("content-type")).toMatch(/^application\/x-ndjson/);
  expect(ndjson.headers.get("content-disposition")).toMatch(
    /^attachment; filename="truechimer-checks-\d{4}-\d\d-\d\dT\d{6}Z\.ndjson"$/,
  );
  expect(ndjson.headers.get("cache-control")).toBe("no-store");
  const rows = linesOf(await ndjson.text());
  const { rows: expected } = await sql<{ readonly id: bigint }>`
    select l.id from log_scores l join monitors m on m.id = l.monitor_id and m.type = 'monitor'
    order by l.ts, l.id`.execute(kysely);
  expect(rows.map(({ id }) => BigInt(id))).toEqual(expected.map(({ id }) => id));
  expect(rows.length).toBe(MORE + 200);
  const csv = await (await get("checks.csv?order=newest")).text();
  const lines = csv.split("\r\n");
  expect(lines[0]).toBe(
    "id,at,server_id,server,monitor_id,monitor,offset_ns,bound_ns,rtt_ns,stratum,leap,reason,step,score,has_evidence",
  );
  expect(lines).toHaveLength(MORE + 202);
  expect(lines.at(-1)).toBe("");
  // A name of the fleet is "-- or 1=1".
  expect(csv).toContain(",'-- or 1=1,");
  expect(csv).not.toMatch(/(^|,)-- or/m);
});

async function parquetFile(path: string): Promise<string> {
  const answer = await get(path);
  expect([answer.status, answer.headers.get("content-type")]).toEqual([
    200,
    "application/vnd.apache.parquet",
  ]);
  const directory = await mkdtemp(join(tmpdir(), "truechimer-parquet-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const file = join(directory, "export.parquet");
  await writeFile(file, Buffer.from(await answer.arrayBuffer()));
  return file;
}

type Row = Readonly<Record<string, string | number | boolean | null>>;

const rowsOf = (text: string): readonly Row[] =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Row);

const OTHERS: readonly ExportTableName[] = ["exchanges", "steps", "scores", "verdicts", "audit"];
/** The many rows of yesterday are for other tests. */
const RANGE = "from=now-12h";

describe.each(OTHERS)("of %s", (table) => {
  const { columns, key: keyColumns } = EXPORT_TABLES[table];
  const names = columns.map(({ name }) => name);
  const keyOf = (row: Row | undefined): string =>
    keyColumns.map((name) => String(row?.[name])).join(",");

  test("every row has every column, in each form, in the order of the key, and none is null that cannot be", async () => {
    const rows = rowsOf(await (await get(`${table}.ndjson?${RANGE}`)).text());
    expect(rows.length).toBeGreaterThan(1);
    for (const row of rows) expect(Object.keys(row)).toEqual(names);
    for (const { name, nullable } of columns)
      if (!nullable) expect(rows.filter((row) => row[name] === null)).toEqual([]);
    const lines = (await (await get(`${table}.csv?${RANGE}`)).text()).split("\r\n");
    expect(lines[0]).toBe(names.join(","));
    expect(lines).toHaveLength(rows.length + 2);
    expect(lines.join("\n")).not.toMatch(/(^|,)"?[=@+]/m);
    const newest = rowsOf(await (await get(`${table}.ndjson?${RANGE}&order=newest`)).text());
    expect(newest).toHaveLength(rows.length);
    expect(newest.at(-1)?.[keyColumns[0] ?? ""]).toEqual(rows[0]?.[keyColumns[0] ?? ""]);
  });

  test("as Parquet an independent engine reads the same values, of the right types", async () => {
    const rows = rowsOf(await (await get(`${table}.ndjson?${RANGE}`)).text());
    const duckdb = await useDuckDb();
    const path = await parquetFile(`${table}.parquet?${RANGE}`);
    const described = await duckdb.rows(`describe select * from read_parquet('${path}')`);
    expect(described.map((row) => [row["column_name"], row["column_type"]])).toEqual(
      columns.map(({ name, type }) => [name, DUCKDB_TYPES[type]]),
    );
    const read = await duckdb.rows(
      `select ${columns.map(exactColumn).join(", ")} from read_parquet('${path}')`,
    );
    expect(read).toEqual(
      rows.map((row) =>
        Object.fromEntries(columns.map((each) => [each.name, exactValue(each, row[each.name])])),
      ),
    );
  });

  test.each(["oldest", "newest"])("%s first it goes on after any row", async (order) => {
    const query = `${RANGE}&order=${order}`;
    const whole = (await (await get(`${table}.ndjson?${query}`)).text()).split("\n");
    for (const place of [0, 1, Math.floor(whole.length / 2), whole.length - 2]) {
      const after = encodeURIComponent(keyOf(rowsOf(whole[place] ?? "")[0]));
      const rest = await (await get(`${table}.ndjson?${query}&after=${after}`)).text();
      expect(rest.split("\n")).toEqual(whole.slice(place + 1));
      const csv = await (await get(`${table}.csv?${query}&after=${after}`)).text();
      expect(csv.startsWith(names.join(","))).toBe(false);
    }
  });

  test("another account sees none of it, and a place that is none is refused", async () => {
    const { id } = await kysely
      .insertInto("accounts")
      .values({ id_token: `empty-${table}`, name: "empty" })
      .returning("id")
      .executeTakeFirstOrThrow();
    const role = table === "audit" ? "admin" : "viewer";
    expect(await (await get(`${table}.ndjson`, await key(id, null, role))).text()).toBe("");
    const refused = await get(`${table}.csv?after=5,x`);
    expect(refused.status).toBe(400);
    expect(((await refused.json()) as { readonly message: string }).message).toContain(
      `expected ${keyColumns.join(",")} of the last row`,
    );
  });
});

test("Parquet has its rows in groups, and a filter, servers and a range choose; empty, it has its columns", async () => {
  const duckdb = await useDuckDb();
  const all = await parquetFile("checks.parquet");
  const [counted] = await duckdb.rows(
    `select count(*)::varchar as rows, count(distinct id)::varchar as ids,
      (select count(distinct row_group_id)::varchar from parquet_metadata('${all}')) as groups from read_parquet('${all}')`,
  );
  expect(counted).toEqual({
    rows: String(MORE + 200),
    ids: String(MORE + 200),
    groups: String(Math.ceil((MORE + 200) / 5_000)),
  });
  const some = await parquetFile("checks.parquet?filter=reason:timeout&server_id=3&from=now-3h");
  const told = rowsOf(
    await (await get("checks.ndjson?filter=reason:timeout&server_id=3&from=now-3h")).text(),
  );
  expect(await duckdb.rows(`select id::varchar as id from read_parquet('${some}')`)).toEqual(
    told.map(({ id }) => ({ id: String(id) })),
  );
  const none = await parquetFile("checks.parquet?to=2020-01-01");
  expect(
    await duckdb.rows(
      `select count(*)::varchar as n, count(id)::varchar as m from read_parquet('${none}')`,
    ),
  ).toEqual([{ n: "0", m: "0" }]);
  const after = await get("checks.parquet?after=2026-11-28T00:00Z,5");
  expect(after.status).toBe(400);
  expect(await after.text()).toContain("a Parquet file cannot be gone on with: ask for a day");
});

test("exchanges are as GetCheck has them, and theirs are the datagrams byte for byte", async () => {
  const rows = rowsOf(await (await get(`exchanges.ndjson?${RANGE}`)).text());
  const row = rows.find(({ exchange }) => exchange === 1);
  const told = await admin.getCheck({ id: BigInt(row?.["check_id"] as number) });
  expect(told.exchanges).toHaveLength(2);
  const [, second] = told.exchanges;
  expect(row).toMatchObject({
    selected: true,
    mode: "basic",
    destination: "10.1.0.1:123",
    t1: "2027-01-15T08:00:00.000000000Z",
    t4: "2027-01-15T08:00:00.000510000Z",
    t1_source: "kernel",
    offset_ns: Number(second?.offset?.valueNs),
    bound_ns: Number(second?.offset?.boundNs),
    delay_ns: Number(second?.delayNs),
    reason: "",
    request: Buffer.from(answered.request).toString("hex"),
    response: Buffer.from(answered.data).toString("hex"),
  });
  const nsOf = (text: unknown): bigint => {
    const [, seconds = "", ns = ""] = /^(.*)\.(\d{9})Z$/.exec(String(text)) ?? [];
    return BigInt(Date.parse(`${seconds}Z`)) * 1_000_000n + BigInt(ns);
  };
  expect(nsOf(row?.["t2"])).toBe(second?.t2UnixNs);
  expect(nsOf(row?.["t3"])).toBe(second?.t3UnixNs);
  expect(rows.find(({ exchange }) => exchange === 0)).toMatchObject({
    selected: false,
    t2: null,
    t4: null,
    t4_source: "",
    response: null,
    reason: "timeout",
  });
});

test("scores name the checks behind them, steps their arithmetic, verdicts what they were", async () => {
  const checks = new Map(
    rowsOf(await (await get(`checks.ndjson?${RANGE}`)).text()).map((row) => [row["id"], row]),
  );
  const scores = rowsOf(await (await get(`scores.ndjson?${RANGE}&server_id=3`)).text());
  expect(scores.length).toBeGreaterThan(5);
  for (const row of scores) {
    expect(row).toMatchObject({ scorer: "recentmedian", server: HOSTILE[2] });
    expect(checks.get(row["caused_by_id"])).toMatchObject({ at: row["at"], server_id: 3 });
  }
  const steps = rowsOf(await (await get(`steps.ndjson?${RANGE}&filter=reason:timeout`)).text());
  expect(steps.map(({ id }) => id)).toEqual(
    [...checks.values()].filter(({ reason }) => reason === "timeout").map(({ id }) => id),
  );
  expect(steps[0]).toMatchObject({ step: -5, score_before: null, samples_sent: 0 });
  const query = `${RANGE}&filter=${encodeURIComponent("verdict_after:falseticker")}`;
  const verdicts = rowsOf(await (await get(`verdicts.ndjson?${query}`)).text());
  expect(verdicts.length).toBeGreaterThan(0);
  expect(new Set(verdicts.map((row) => row["verdict_after"]))).toEqual(new Set(["falseticker"]));
});

test("whoever has the trail in a file can verify it alone", async () => {
  expect((await get("audit.csv", await key(null))).status).toBe(403);
  const rows = rowsOf(await (await get("audit.ndjson")).text());
  let previous = "00".repeat(32);
  for (const [index, row] of rows.entries()) {
    expect(row["sequence"]).toBe(index + 1);
    expect(row["previous_hash"]).toBe(previous);
    const account = row["account_id"];
    const hash = auditHash({
      sequence: BigInt(row["sequence"] as number),
      atUs:
        BigInt(Date.parse(String(row["at"]).replace(/\.\d+Z$/, "Z"))) * 1_000n +
        BigInt(String(row["at"]).slice(20, 26)),
      actorKind: row["actor_kind"] as "key",
      actorId: String(row["actor_id"]),
      actorName: String(row["actor_name"]),
      act: String(row["act"]),
      object: String(row["object"]),
      accountId: account === null ? null : BigInt(account as number),
      before: row["before"] as string | null,
      after: row["after"] as string | null,
      previousHash: Buffer.from(previous, "hex"),
    });
    expect(row["hash"]).toBe(hash.toString("hex"));
    previous = hash.toString("hex");
  }
  expect(rows.length).toBeGreaterThan(1);
});

test("a filter, a range, servers and an order choose, in the words of the filter language", async () => {
  const query = new URLSearchParams({
    filter: "reason:timeout",
    from: "now-3h",
    to: "now-10m",
    order: "newest",
  });
  const rows = linesOf(await (await get(`checks.ndjson?${query.toString()}`)).text());
  const { rows: expected } = await sql<{ readonly id: bigint }>`
    select l.id from log_scores l where l.reason = 'timeout' and l.ts >= now() - interval '3 hours'
      and l.ts < now() - interval '10 minutes' order by l.ts desc, l.id desc`.execute(kysely);
  expect(rows.map(({ id }) => BigInt(id))).toEqual(expected.map(({ id }) => id));
  expect(rows.length).toBeGreaterThan(5);
  const of = linesOf(await (await get("checks.ndjson?server_id=3&server_id=4")).text());
  expect(new Set(of.map(({ server: name }) => name))).toEqual(new Set([HOSTILE[2], HOSTILE[3]]));
  expect(await (await get("checks.ndjson?filter=step:0.25")).text()).toBe("");
});

describe("is refused", () => {
  test.each([
    ["from=yesterday", 400, 'from: "yesterday" is no time: expected a time such as'],
    ["to=2026-02-31", 400, 'to: "2026-02-31" is no time'],
    ["from=now&to=now-1h", 400, "the range is empty"],
    ["order=up", 400, 'order: "up" is none: expected oldest or newest'],
    ["server_id=x", 400, 'server_id: "x" is not a server'],
    ["server_id=987654", 404, "there is no server with the id 987654"],
    ["filter=offset>5", 400, "filter, character 8: "],
    ["filter=a&filter=b", 400, "filter is given more than once"],
    ["form=csv", 400, '"form" is no parameter of this export: expected filter, from'],
  ])("%s", async (query, status, says) => {
    const answer = await get(`checks.csv?${query}`);
    expect(answer.status).toBe(status);
    expect(((await answer.json()) as { readonly message: string }).message).toContain(says);
    expect(answer.headers.get("truechimer-error-code")).toMatch(/^bad_|^not_found$/);
    expect(answer.headers.get("content-disposition")).toBeNull();
  });

  test("to strangers, to a key for something else, and to another site's page", async () => {
    expect((await fetch(`${server.url}/export/checks.csv`)).status).toBe(401);
    expect((await get("checks.csv", "tca_nothing")).status).toBe(401);
    expect((await get("checks.csv", await key(null, ["GetOverview"]))).status).toBe(403);
    const foreign = await fetch(`${server.url}/export/checks.csv`, {
      headers: { authorization: `Bearer ${adminKey}`, origin: "http://elsewhere.example" },
    });
    expect(foreign.status).toBe(403);
  });
});

test("an account has its own servers' checks in the file, and no others", async () => {
  const { id } = await kysely
    .insertInto("accounts")
    .values({ id_token: "ours", name: "ours" })
    .returning("id")
    .executeTakeFirstOrThrow();
  await sql`update servers set account_id = ${id} where name = ${HOSTILE[4]}`.execute(kysely);
  const secret = await key(id);
  const rows = linesOf(await (await get("checks.ndjson", secret)).text());
  expect(rows.length).toBeGreaterThan(5);
  expect(new Set(rows.map(({ server: name }) => name))).toEqual(new Set([HOSTILE[4]]));
  expect((await get("checks.ndjson?server_id=1", secret)).status).toBe(404);
  expect((await get("checks.ndjson?server_id=5", secret)).status).toBe(200);
});

test("a key that is revoked while its file is being written gets no more of it", async () => {
  const secret = await key(null);
  const { promise: ended, resolve: end } = Promise.withResolvers<string>();
  const { promise: begun, resolve: begin } = Promise.withResolvers<() => void>();
  const request = httpRequest(`${server.url}/export/checks.ndjson`, {
    agent: false,
    headers: { authorization: `Bearer ${secret}` },
  });
  request.once("response", (response) => {
    // Nobody reads for now: most of the file has not been written yet.
    response.pause();
    response.once("error", (error: NodeJS.ErrnoException) => end(error.code ?? ""));
    response.once("end", () => end("whole"));
    begin(() => void response.resume());
  });
  request.once("error", () => undefined);
  request.end();
  const readOn = await begun;
  const { rows } = await sql<{ readonly id: string }>`
    select id::text from api_keys where token_hash = ${tokenHash(secret)}`.execute(kysely);
  const revoked = await fetch(`${server.url}/truechimer.admin.v1.PeopleService/RevokeKey`, {
    method: "POST",
    headers: { authorization: `Bearer ${adminKey}`, "content-type": "application/json" },
    body: JSON.stringify({ id: rows[0]?.id }),
  });
  expect(revoked.status).toBe(200);
  readOn();
  expect(await ended).toBe("ECONNRESET");
  expect((await get("checks.csv", secret)).status).toBe(401);
});

test("so many at once, whose readers may stop: their places are free again when they leave", async () => {
  const open = await Promise.all(
    Array.from({ length: 8 }, async () => {
      const { promise, resolve } = Promise.withResolvers<() => void>();
      const request = httpRequest(`${server.url}/export/checks.ndjson`, {
        agent: false,
        headers: { authorization: `Bearer ${adminKey}` },
      });
      // Nobody reads: more than the socket takes waits at the server.
      request.once("response", (response) => {
        response.pause();
        response.once("error", () => undefined);
        resolve(() => request.destroy());
      });
      request.once("error", () => undefined);
      request.end();
      onTestFinished(() => void request.destroy());
      return await promise;
    }),
  );
  const refused = await get("checks.csv");
  expect(refused.status).toBe(429);
  expect(refused.headers.get("retry-after")).toBe("10");
  for (const leave of open) leave();
  // All of them: none asks the database any more when this file ends.
  const asMany = async (): Promise<readonly number[]> =>
    Promise.all(open.map(async () => (await get("checks.csv?to=now-2d")).status));
  await vi.waitFor(async () => expect(new Set(await asMany())).toEqual(new Set([200])), {
    timeout: 20_000,
    interval: 50,
  });
  expect((await admin.listServers({})).servers.length).toBeGreaterThan(0);
});
