// The NTP Pool's score log: the same paths, parameters and fields.

import { systemRandom } from "@truechimer/base";
import { useDatabase } from "@truechimer/testing-postgres";
import { sql } from "kysely";
import { describe, expect, test } from "vitest";
import { tokenHash } from "../src/http/token.ts";
import { createToken } from "../src/index.ts";
import { useServer } from "./_test-server.ts";

const database = await useDatabase();
const { kysely } = database;
await sql`
  insert into accounts (id_token, name) values ('one', 'One'), ('two', 'Two');
  insert into servers (id, name, ip, ip_version, port, account_id) overriding system value values
    (1, 'a', '192.0.2.1', 'v4', 123, (select id from accounts where name = 'One')),
    (2, 'b', '192.0.2.1', 'v4', 1123, (select id from accounts where name = 'Two')),
    (3, 'c', '2001:db8::1', 'v6', 123, null);
  insert into monitors (id, id_token, type, hostname, status, ip, ip_version) overriding system value values
    (11, 'a', 'score', 'recentmedian', 'active', null, null),
    (12, 'b', 'monitor', 'zurich.mon.example', 'active', '10.0.0.1', 'v4'),
    (13, 'c', 'monitor', 'oslo', 'active', '10.0.0.2', 'v4');
  insert into server_scores (server_id, monitor_id, status, score_raw, score_ts) values
    (1, 11, 'active', 19.5649, '2026-03-01 12:00:59.9+00'), (1, 12, 'testing', -3.25, null);
  insert into log_scores (ts, server_id, monitor_id, step, score, offset_ns, leap, reason, attributes) values
    ('2026-03-01 12:00:00.25+00', 1, 12, 1, 19.123456789012345, -1234567, 0, null, null),
    ('2026-03-01 12:00:30+00', 1, 12, -5, 13.2, null, null, 'timeout', '{"error": "=1+2, \\"i/o\\" timeout"}'),
    ('2026-03-01 12:00:45+00', 1, 13, -4, 8.5, 3000000000, 3, 'step', null),
    ('2026-03-01 12:00:59.9+00', 1, 11, 1, 19.5649, -1234567, 0, null, null),
    ('2026-03-01 12:00:59.9+00', 2, 11, 0.25, 0, 0, 1, null, null);`.execute(kysely);
const { server, adminKey } = await useServer(database);
const open = await useServer(database, { scoresPublic: true });

async function get(path: string, secret: string = adminKey): Promise<Response> {
  return await fetch(`${server.url}/scores/${path}`, {
    headers: { authorization: `Bearer ${secret}` },
  });
}

async function csv(path: string): Promise<readonly string[]> {
  const answer = await get(path);
  expect(answer.status).toBe(200);
  return (await answer.text()).trimEnd().split("\r\n");
}

const HEADING = "ts_epoch,ts,offset,step,score,monitor_id,monitor_name,leap,error";
const ZURICH = [
  `1772366430,2026-03-01 12:00:30,,-5,13.2,12,zurich.mon.example,,"'=1+2, ""i/o"" timeout"`,
  "1772366400,2026-03-01 12:00:00,-0.001234567,1,19.123456789,12,zurich.mon.example,,",
];
const OSLO = "1772366445,2026-03-01 12:00:45,3,-4,8.5,13,oslo,3,step";
const OVERALL = "1772366459,2026-03-01 12:00:59,-0.001234567,1,19.5649,11,recentmedian,,";

describe("as CSV", () => {
  test("has the steps of the overall score unless a monitor is named", async () => {
    expect(await csv("192.0.2.1/log")).toEqual([HEADING, OVERALL]);
  });

  test.each([
    ["12", ZURICH],
    ["zurich", ZURICH],
    ["zurich.mon.example", ZURICH],
    ["oslo", [OSLO]],
    ["*", [OVERALL, OSLO, ...ZURICH]],
  ])("of the monitor %s, the newest first", async (monitor, lines) => {
    expect(await csv(`192.0.2.1/log?monitor=${monitor}`)).toEqual([HEADING, ...lines]);
  });

  test("since an instant, the oldest first, as many as are asked for", async () => {
    const path = "1/log?monitor=*&since=1772366400&limit=2";
    expect(await csv(path)).toEqual([HEADING, ZURICH[1], ZURICH[0]]);
  });

  test("is shown by browsers as text", async () => {
    const { headers } = await get("1/log");
    expect(headers.get("content-type")).toBe("text/plain; charset=utf-8");
    expect(headers.get("cache-control")).toBe("no-store");
  });
});

test("as JSON: the steps, whose they are, and the server", async () => {
  expect(await (await get("192.0.2.1/json?monitor=*&limit=3")).json()).toEqual({
    history: [
      { ts: 1772366459, offset: -0.001234567, step: 1, score: 19.5649, monitor_id: 11 },
      { ts: 1772366445, offset: 3, step: -4, score: 8.5, monitor_id: 13 },
      { ts: 1772366430, step: -5, score: 13.2, monitor_id: 12 },
    ],
    monitors: [
      {
        id: 11,
        name: "recentmedian",
        type: "score",
        ts: "2026-03-01T12:00:59Z",
        score: 19.6,
        status: "active",
      },
      {
        id: 12,
        name: "zurich.mon.example",
        type: "monitor",
        ts: "0001-01-01T00:00:00Z",
        score: -3.3,
        status: "testing",
      },
    ],
    server: { ip: "192.0.2.1" },
  });
});

test.each([
  ["192.0.2.1:1123", "192.0.2.1"],
  ["2", "192.0.2.1"],
  ["2001:db8:0::1", "2001:db8::1"],
  [encodeURIComponent("[2001:db8::1]:123"), "2001:db8::1"],
])("a server is named as %s", async (name, ip) => {
  expect(await (await get(`${name}/json`)).json()).toMatchObject({ server: { ip } });
});

test.each([
  ["192.0.2.9/log", 404, "not_found", 'there is no server "192.0.2.9"'],
  ["99/json", 404, "not_found", 'there is no server "99"'],
  ["ntp1.example/log", 400, "bad_address", '"ntp1.example" is no server'],
  ["1/log?limit=0", 400, "bad_request", 'limit: "0" is no whole number from 1 up'],
  ["1/log?limit=ten", 400, "bad_request", 'limit: "ten" is no whole number'],
  ["1/log?since=-5", 400, "bad_request", 'since: "-5" is no whole number from 0 up'],
  ["1/log?since=1&since=2", 400, "bad_request", "since is given more than once"],
  ["1/log?monitor=paris", 404, "not_found", 'there is no monitor "paris"'],
  ["1/log?monitor=%25", 404, "not_found", 'there is no monitor "%"'],
])("%s is refused with %i", async (path, status, code, message) => {
  const answer = await get(path);
  expect(answer.status).toBe(status);
  expect(answer.headers.get("truechimer-error-code")).toBe(code);
  expect(JSON.stringify(await answer.json())).toContain(JSON.stringify(message).slice(1, -1));
});

test("a limit beyond ten thousand is ten thousand, and words that we do not know change nothing", async () => {
  expect(await csv("1/log?limit=1000000&source=c&_=123")).toEqual([HEADING, OVERALL]);
});

describe("who may read", () => {
  test("without a key or a session: nobody", async () => {
    const answer = await fetch(`${server.url}/scores/1/log`);
    expect(answer.status).toBe(401);
  });

  test("with an account's key: that account's servers", async () => {
    const secret = createToken("tca_", systemRandom);
    await sql`
      insert into api_keys (name, token_hash, role, account_id)
      select 'one', ${tokenHash(secret)}, 'viewer', id from accounts where name = 'One'`.execute(
      kysely,
    );
    expect((await get("1/log", secret)).status).toBe(200);
    expect((await get("2/log", secret)).status).toBe(404);
    expect((await get("192.0.2.1:1123/log", secret)).status).toBe(404);
  });

  test("where the operator says so, everybody, also from a page elsewhere", async () => {
    const answer = await fetch(`${open.server.url}/scores/1/json`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("access-control-allow-origin")).toBe("*");
    expect(answer.headers.get("cache-control")).toBe("public, max-age=1800");
  });
});
