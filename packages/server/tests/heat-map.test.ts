// GetHeatMap over a real database and the history in memory.

import { analyticsV1 } from "@truechimer/api";
import { useDatabase } from "@truechimer/testing-postgres";
import { sql } from "kysely";
import { describe, expect, test, vi } from "vitest";
import {
  accountKey,
  addFleet,
  ago,
  analyticsClient,
  type InsertedCheck,
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

const check = (
  server: string,
  monitor: string,
  offsetMs: number,
  more: Partial<InsertedCheck> = {},
): InsertedCheck => ({
  server,
  monitor,
  ageSeconds: HOUR,
  offsetNs: offsetMs * MS,
  rttNs: 20 * MS,
  boundNs: 11 * MS,
  ...more,
});
await insertChecks(database, [
  ...[-3, 1, 2].flatMap((ms, at) =>
    ["zurich", "oslo"].map((monitor) =>
      check("true.example", monitor, ms, { ageSeconds: HOUR + 60 * at }),
    ),
  ),
  check("true.example", "lima", 900, { rttNs: 400 * MS }),
  ...["zurich", "oslo", "lima"].map((monitor) => check("fast.example", monitor, 40)),
  check("lossy.example", "zurich", 1, { sent: 4, answered: 1 }),
  { server: "lossy.example", monitor: "zurich", ageSeconds: HOUR, reason: "timeout", answered: 0 },
  check("true.example", "zurich", 7_000, { ageSeconds: 30 * HOUR }),
  // Years later nobody remembers: beyond what is kept.
  check("true.example", "zurich", 9_000, { ageSeconds: 13 * 24 * HOUR }),
]);
const { server, admin, analytics } = await useLoadedServer(database);

const ask = (
  request: Parameters<typeof analytics.getHeatMap>[0] = {},
): Promise<analyticsV1.GetHeatMapResponse> => analytics.getHeatMap(request);

test("every pair has its medians, the worst server and monitor come first", async () => {
  const map = await ask();
  expect(map.measure).toBe(analyticsV1.Measure.OFFSET);
  expect(map.servers.map(({ name, value, checks }) => [name, value, checks])).toEqual([
    ["fast.example", 40 * MS, 3n],
    ["true.example", 2 * MS, 7n],
    ["lossy.example", 1 * MS, 2n],
  ]);
  expect(map.monitors.map(({ name }) => name)).toEqual(["lima", "zurich", "oslo"]);
  expect([map.serversTotal, map.monitorsTotal]).toEqual([3, 3]);
  const cell = map.cells.find(
    (one) =>
      map.servers[one.server]?.name === "true.example" &&
      map.monitors[one.monitor]?.name === "zurich",
  );
  expect(cell?.figures).toMatchObject({
    checks: 3n,
    failed: 0n,
    offset: { valueNs: BigInt(1 * MS), boundNs: BigInt(11 * MS) },
    absOffsetNs: BigInt(2 * MS),
    rttNs: BigInt(20 * MS),
  });
  expect(map.worst[0]).toMatchObject({ serverName: "true.example", monitorName: "lima" });
  expect(map.cells).toHaveLength(7);
});

test("the medians are those that the database finds", async () => {
  const { rows } = await sql<{
    readonly server: string;
    readonly monitor: string;
    readonly median: bigint;
  }>`
    select s.name as server, m.hostname as monitor,
      percentile_disc(0.5) within group (order by abs(l.offset_ns)) as median
    from log_scores l join servers s on s.id = l.server_id join monitors m on m.id = l.monitor_id
    where l.reason is null and l.ts > now() - interval '1 day' group by 1, 2 order by 1, 2`.execute(
    database.kysely,
  );
  const map = await ask();
  const found = map.cells
    .map((cell) => ({
      server: map.servers[cell.server]?.name ?? "",
      monitor: map.monitors[cell.monitor]?.name ?? "",
      median: cell.figures?.absOffsetNs ?? 0n,
    }))
    .toSorted((one, other) =>
      `${one.server} ${one.monitor}` < `${other.server} ${other.monitor}` ? -1 : 1,
    );
  expect(found).toEqual(rows);
});

test("loss counts samples, and a failed check is no delay of 0", async () => {
  const map = await ask({ measure: analyticsV1.Measure.LOSS });
  expect(map.servers[0]).toMatchObject({ name: "lossy.example", value: 1 - 1 / 7 });
  const delays = await ask({ measure: analyticsV1.Measure.DELAY });
  expect(delays.worst[0]?.figures?.rttNs).toBe(BigInt(400 * MS));
  const lossy = delays.servers.find(({ name }) => name === "lossy.example");
  expect(lossy?.value).toBe(20 * MS);
});

test("a filter of checks, of servers and of monitors narrows it", async () => {
  const names = async (filter: string): Promise<readonly string[]> =>
    (await ask({ filter })).servers.map(({ name }) => name).toSorted();
  expect(await names("server:fast.*")).toEqual(["fast.example"]);
  expect(await names("monitor:lima")).toEqual(["fast.example", "true.example"]);
  expect(await names("offset>30ms rtt<100ms")).toEqual(["fast.example"]);
  expect(await names("reason:timeout")).toEqual(["lossy.example"]);
  expect(await names("server:true.* or reason:timeout")).toEqual(["lossy.example", "true.example"]);
  expect(await names("age>2d")).toEqual([]);
});

test("the range that was asked for, what is covered and the horizon are told", async () => {
  const { range } = await ask();
  expect(range).toMatchObject({ partial: false, checks: 12n });
  expect(range?.coveredFrom).toEqual(range?.from);
  const wide = await ask({ from: ago(3 * 24 * HOUR) });
  expect(wide.range).toMatchObject({ partial: false, checks: 13n });
  const { range: beyond } = await ask({ from: ago(400 * 24 * HOUR) });
  expect(beyond).toMatchObject({ partial: true, checks: 14n });
  expect(beyond?.coveredFrom).toEqual(beyond?.horizon);
  expect(Number(beyond?.horizon?.seconds)).toBeLessThan(Date.now() / 1_000 - 12 * 24 * HOUR);
  const { range: before } = await ask({ from: ago(401 * 24 * HOUR), to: ago(400 * 24 * HOUR) });
  expect(before).toMatchObject({ partial: true, checks: 0n });
  expect(before?.coveredFrom).toBeUndefined();
});

test("without a history in memory nothing is covered, and it says so", async () => {
  const bare = await useServer(database);
  const map = await analyticsClient(bare.server.url, bare.adminKey).getHeatMap({});
  expect(map.range).toMatchObject({ partial: true, checks: 0n });
  expect(map.range?.horizon).toBeUndefined();
  expect(map.servers).toEqual([]);
});

test("what is cut off is counted, and the worst pairs are told all the same", async () => {
  const map = await ask({ serversMax: 1, monitorsMax: 2 });
  expect([map.servers.length, map.monitors.length]).toEqual([1, 2]);
  expect([map.serversTotal, map.monitorsTotal]).toEqual([3, 3]);
  expect(map.worst).toHaveLength(7);
  expect(map.worst[0]?.serverName).toBe("true.example");
});

test("a server that was removed is not in it", async () => {
  const { servers } = await admin.listServers({ filter: "server:fast.*" });
  const ids = servers.map(({ id }) => id);
  await admin.removeServers({ ids });
  expect((await ask()).servers.map(({ name }) => name)).not.toContain("fast.example");
  await admin.restoreServers({ ids });
  expect((await ask()).servers.map(({ name }) => name)).toContain("fast.example");
});

test("a key of one account sees the servers of that account alone", async () => {
  const key = await accountKey(database, "narrow");
  const narrow = analyticsClient(server.url, key);
  expect(await narrow.getHeatMap({})).toMatchObject({ servers: [], worst: [], serversTotal: 0 });
  await sql`update servers set account_id = (select id from accounts where id_token = 'narrow')
    where name = 'lossy.example'`.execute(database.kysely);
  const map = await narrow.getHeatMap({});
  expect(map.servers.map(({ name }) => name)).toEqual(["lossy.example"]);
  expect(map.worst.map(({ serverName }) => serverName)).toEqual(["lossy.example"]);
  expect(map.range?.checks).toBe(2n);
});

describe("a question that cannot be answered names what is wrong", () => {
  const cases: readonly {
    readonly name: string;
    readonly request: Parameters<typeof analytics.getHeatMap>[0];
    readonly message: RegExp;
  }[] = [
    {
      name: "an empty range",
      request: { from: ago(10), to: ago(10) },
      message: /from .* is not before to/,
    },
    {
      name: "the future",
      request: { from: ago(-100), to: ago(-200) },
      message: /from .* is in the future/,
    },
    {
      name: "too many servers",
      request: { serversMax: 501 },
      message: /servers_max 501 .* at most 500/,
    },
    {
      name: "too many monitors",
      request: { monitorsMax: 201 },
      message: /monitors_max 201 .* at most 200/,
    },
    {
      name: "no measure",
      request: { measure: 9 as analyticsV1.Measure },
      message: /measure 9 is none/,
    },
    { name: "a filter that is none", request: { filter: "ofset>5ms" }, message: /ofset/ },
  ];
  test.each(cases)("$name", async ({ request, message }) => {
    await expect(ask(request)).rejects.toThrow(message);
  });
});
