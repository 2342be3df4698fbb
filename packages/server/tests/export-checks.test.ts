// Checks as a file over plain HTTP: whole, safe, for those who may read them, and breaking off visibly.

import { request as httpRequest } from "node:http";
import { systemRandom } from "@truechimer/base";
import { useDatabase } from "@truechimer/testing-postgres";
import { sql } from "kysely";
import { describe, expect, test, vi } from "vitest";
import { tokenHash } from "../src/http/token.ts";
import { createToken } from "../src/index.ts";
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
const { server, admin, adminKey } = await useServer(database);

async function get(path: string, secret: string = adminKey): Promise<Response> {
  return await fetch(`${server.url}/export/${path}`, {
    headers: { authorization: `Bearer ${secret}` },
    signal: AbortSignal.timeout(20_000),
  });
}

async function key(
  accountId: bigint | null,
  procedures: readonly string[] | null = null,
): Promise<string> {
  const secret = createToken("tca_", systemRandom);
  await kysely
    .insertInto("api_keys")
    .values({
      name: "k",
      token_hash: tokenHash(secret),
      role: "viewer",
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
    ["form=csv", 400, '"form" is no parameter of an export: expected filter, from'],
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
      return await promise;
    }),
  );
  const refused = await get("checks.csv");
  expect(refused.status).toBe(429);
  expect(refused.headers.get("retry-after")).toBe("10");
  for (const leave of open) leave();
  await vi.waitFor(async () => expect((await get("checks.csv?to=now-2d")).status).toBe(200), {
    timeout: 20_000,
    interval: 50,
  });
  expect((await admin.listServers({})).servers.length).toBeGreaterThan(0);
});
