// GetMovers over a real database and the history in memory.

import { analyticsV1 } from "@truechimer/api";
import { useDatabase } from "@truechimer/testing-postgres";
import { sql } from "kysely";
import { describe, expect, test, vi } from "vitest";
import {
  accountKey,
  addFleet,
  ago,
  analyticsClient,
  insertChecks,
  useLoadedServer,
} from "./_analytics.ts";
import { useServer } from "./_test-server.ts";

// Starts with a thread of its own, on a machine that is busy with other tests.
vi.setConfig({ testTimeout: 120_000 });

const database = await useDatabase();
await addFleet(await useServer(database));
const MS = 1_000_000;
const HOUR = 3_600;
const BOUND_NS = 2 * MS;

const check = (server: string, ageSeconds: number, offsetNs: number) => ({
  server,
  monitor: "zurich",
  ageSeconds,
  offsetNs,
  rttNs: 20 * MS,
  boundNs: BOUND_NS,
  sent: 4,
  answered: ageSeconds < HOUR ? 3 : 4,
});
// Within two hours: one has gone from 1 to −40 ms, one has come back from 30 to 1 ms, one is new.
await insertChecks(
  database,
  [0, 1, 2].flatMap((at) => [
    check("true.example", 1.2 * HOUR + 60 * at, 1 * MS),
    check("true.example", 0.2 * HOUR + 60 * at, -40 * MS),
    check("fast.example", 1.2 * HOUR + 60 * at, 30 * MS),
    check("fast.example", 0.2 * HOUR + 60 * at, 1 * MS),
    check("lossy.example", 0.2 * HOUR + 60 * at, 5 * MS),
  ]),
);
await sql`insert into monitors (id_token, hostname, type, status)
  values ('sc', 'recentmedian', 'score', 'active') on conflict do nothing`.execute(database.kysely);
await sql`
  insert into log_scores (ts, server_id, monitor_id, step, score)
  select now() - make_interval(secs => c.age), s.id, m.id, 0, c.score
  from (values ('true.example', 1800, 4.0), ('true.example', 600, 12.0), ('fast.example', 600, 20.0),
    ('lossy.example', 90000, -30.0)) c(server, age, score)
  join servers s on s.name = c.server
  join monitors m on m.type = 'score' and m.hostname = 'recentmedian'`.execute(database.kysely);
const { server, analytics } = await useLoadedServer(database);
const lastHour = { from: ago(HOUR) };

test("the server whose offset has grown the most comes first, with both times and what the change may be off by", async () => {
  const answer = await analytics.getMovers(lastHour);
  expect(answer.measure).toBe(analyticsV1.Measure.OFFSET);
  expect(answer.movers.map(({ serverName, change }) => [serverName, change])).toEqual([
    ["true.example", 39 * MS],
  ]);
  expect(answer.movers[0]).toMatchObject({
    changeBound: 2 * BOUND_NS,
    before: { checks: 3n, offset: { valueNs: BigInt(1 * MS) } },
    after: { checks: 3n, offset: { valueNs: BigInt(-40 * MS) } },
  });
  expect([answer.serversCompared, answer.serversNotCompared]).toEqual([2, 1]);
  const hours =
    Number((answer.range?.to?.seconds ?? 0n) - (answer.range?.from?.seconds ?? 0n)) / HOUR;
  expect(hours).toBeCloseTo(2, 2);
  expect(answer.range).toMatchObject({ partial: false, checks: 15n });
});

test("losses that have grown are told, without a bound", async () => {
  const { movers } = await analytics.getMovers({ ...lastHour, measure: analyticsV1.Measure.LOSS });
  expect(movers.map(({ serverName, change }) => [serverName, change])).toEqual([
    ["true.example", 0.25],
    ["fast.example", 0.25],
  ]);
  expect(movers[0]?.changeBound).toBeUndefined();
});

test("scores are those of the end, and a dip below 10 on the way is told", async () => {
  const { scores } = await analytics.getMovers(lastHour);
  const held = scores.filter(({ servers }) => servers > 0);
  expect(held.map(({ from, to, servers, dipped }) => [from, to, servers, dipped])).toEqual([
    [10, 15, 1, 1],
    [19.5, 20, 1, 0],
  ]);
});

test("a filter narrows movers and scores", async () => {
  const answer = await analytics.getMovers({ ...lastHour, filter: "server:fast.*" });
  expect(answer.movers).toEqual([]);
  expect(answer.serversCompared).toBe(1);
  expect(answer.scores.reduce((sum, { servers }) => sum + servers, 0)).toBe(1);
});

test("a time before that the memory does not reach is told as partial", async () => {
  const { range } = await analytics.getMovers({ from: ago(10 * 86_400) });
  expect(range?.partial).toBe(true);
  expect(range?.coveredFrom).toEqual(range?.horizon);
});

test("a key of one account sees the servers of that account alone", async () => {
  const narrow = analyticsClient(server.url, await accountKey(database, "narrow"));
  const answer = await narrow.getMovers(lastHour);
  expect(answer).toMatchObject({ movers: [], serversCompared: 0, serversNotCompared: 0 });
  expect(answer.scores.reduce((sum, { servers }) => sum + servers, 0)).toBe(0);
});

describe("a question that cannot be answered names what is wrong", () => {
  test.each([
    {
      name: "too many",
      request: { moversMax: 101 },
      message: /movers_max 101 is too large: at most 100/,
    },
    { name: "an empty range", request: { from: ago(5), to: ago(5) }, message: /is not before to/ },
    {
      name: "no measure",
      request: { measure: 7 as analyticsV1.Measure },
      message: /measure 7 is none/,
    },
    { name: "no filter", request: { filter: "ofset>1" }, message: /ofset/ },
  ])("$name", async ({ request, message }) => {
    await expect(analytics.getMovers(request)).rejects.toThrow(message);
  });
});
