// CompareSeries over a real database and the history in memory.

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
const MINUTE = 60;
const SKEW_NS = { zurich: 0, oslo: 200_000, lima: 5 * MS } as const;

// Two hours, a check a minute: one clock drifts, and one monitor's clock is 5 ms behind.
await insertChecks(
  database,
  Array.from({ length: 120 }, (_unused, minute) =>
    Object.entries(SKEW_NS).flatMap(([monitor, skewNs]) => [
      {
        server: "true.example",
        monitor,
        ageSeconds: MINUTE * minute,
        offsetNs: skewNs + 1_000 * (minute % 3),
        rttNs: 20 * MS,
        boundNs: 10 * MS,
      },
      {
        server: "fast.example",
        monitor,
        ageSeconds: MINUTE * minute,
        offsetNs: skewNs + 40 * MS - minute * 100_000,
        rttNs: 30 * MS,
        boundNs: 15 * MS,
        ...(minute % 10 === 0 ? { reason: "bad_stratum", answered: 2 } : {}),
      },
    ]),
  ).flat(),
);
/** Half a minute behind the check of an hour ago, however long the start takes: sixty of each. */
const LAST_HOUR = { from: ago(3_600 - 30) };
const { server, admin, analytics } = await useLoadedServer(database);
const { servers } = await admin.listServers({});
const { monitors } = await admin.listMonitors({});
const serverId = (name: string): bigint => servers.find((one) => one.name === name)?.id ?? 0n;
const monitorId = (name: string): bigint => monitors.find((one) => one.name === name)?.id ?? 0n;
const sum = (counts: readonly number[] | undefined): number =>
  (counts ?? []).reduce((total, count) => total + count, 0);

test("servers stand side by side in the same buckets, with their extremes", async () => {
  const answer = await analytics.compareSeries({
    ...LAST_HOUR,
    serverIds: [serverId("fast.example"), serverId("true.example"), serverId("fast.example")],
    bucketsMax: 14,
  });
  expect(answer.bucketMs).toBe(300_000);
  expect(answer.series.map(({ name }) => name)).toEqual(["fast.example", "true.example"]);
  const [fast, right] = answer.series;
  for (const series of answer.series) {
    for (const atMs of series.atMs) expect(atMs % 300_000).toBe(0);
    expect(sum(series.checks)).toBe(Number(series.overall?.checks));
    for (const at of series.atMs.keys()) {
      const offsetNs = series.offsetNs[at] ?? Number.NaN;
      // The first and the last bucket are cut, and may hold failed checks alone.
      if (series.checks[at] === series.failed[at]) expect(offsetNs).toBe(Number.NaN);
      else {
        expect(series.leastOffsetNs[at]).toBeLessThanOrEqual(offsetNs);
        expect(series.greatestOffsetNs[at]).toBeGreaterThanOrEqual(offsetNs);
      }
    }
  }
  expect(fast?.atMs).toEqual(right?.atMs);
  // It gains 100 µs a minute.
  const [first = 0, ...later] = (fast?.offsetNs ?? []).filter((ns) => !Number.isNaN(ns));
  expect((later.at(-1) ?? 0) - first).toBeGreaterThan(4 * MS);
  expect(sum(fast?.failed)).toBe(18);
  expect(right?.overall?.offset?.boundNs).toBe(BigInt(10 * MS));
  expect(answer.range).toMatchObject({ partial: false, checks: 360n });
});

test("monitors are told by their difference from the fleet: what the servers do cancels out", async () => {
  const answer = await analytics.compareSeries({
    ...LAST_HOUR,
    monitorIds: [monitorId("lima"), monitorId("zurich"), monitorId("oslo")],
    bucketsMax: 100,
  });
  const [lima, zurich, oslo] = answer.series;
  expect(Number(lima?.overall?.offset?.valueNs)).toBeCloseTo(5 * MS - 200_000, -5);
  expect(Math.abs(Number(zurich?.overall?.offset?.valueNs) + 200_000)).toBeLessThan(110_000);
  expect(Math.abs(Number(oslo?.overall?.offset?.valueNs))).toBeLessThan(110_000);
  expect(lima?.overall?.checks).toBe(120n);
});

test("where fewer than three monitors looked there is no difference from the fleet", async () => {
  const { series } = await analytics.compareSeries({
    monitorIds: [monitorId("lima")],
    filter: "monitor:lima or monitor:oslo",
  });
  expect(series[0]?.overall?.checks).toBeGreaterThan(100n);
  expect(series[0]?.overall?.offset).toBeUndefined();
  expect(series[0]?.offsetNs.every(Number.isNaN)).toBe(true);
});

test("a filter narrows what is compared", async () => {
  const { series } = await analytics.compareSeries({
    serverIds: [serverId("fast.example")],
    filter: "monitor:oslo reason:bad_stratum",
  });
  expect(series[0]?.overall).toMatchObject({ checks: 12n, failed: 12n });
});

test("a server without checks in the range has an empty line, and the range says what is covered", async () => {
  const answer = await analytics.compareSeries({
    serverIds: [serverId("lossy.example")],
    from: ago(400 * 86_400),
  });
  expect(answer.series[0]).toMatchObject({ name: "lossy.example", atMs: [] });
  expect(answer.range).toMatchObject({ partial: true, checks: 0n });
  expect(answer.range?.coveredFrom).toEqual(answer.range?.horizon);
});

test("another account's servers and monitors look as if they did not exist", async () => {
  const narrow = analyticsClient(server.url, await accountKey(database, "narrow"));
  await expect(narrow.compareSeries({ serverIds: [serverId("true.example")] })).rejects.toThrow(
    /there is no server with the id/,
  );
  await expect(narrow.compareSeries({ monitorIds: [monitorId("lima")] })).rejects.toThrow(
    /there is no monitor with the id/,
  );
  await sql`update servers set account_id = (select id from accounts where id_token = 'narrow')
    where name = 'fast.example'`.execute(database.kysely);
  // Its server is checked by that monitor, and its checks of other servers are nobody's business.
  const { series } = await narrow.compareSeries({ monitorIds: [monitorId("lima")] });
  expect(series[0]?.overall?.checks).toBe(120n);
  expect(
    (await narrow.compareSeries({ serverIds: [serverId("fast.example")] })).series,
  ).toHaveLength(1);
});

describe("a question that cannot be answered names what is wrong", () => {
  const cases: readonly {
    readonly name: string;
    readonly request: Parameters<typeof analytics.compareSeries>[0];
    readonly message: RegExp;
  }[] = [
    { name: "nobody", request: {}, message: /server_ids names 0 and monitor_ids 0: expected one/ },
    {
      name: "both",
      request: { serverIds: [1n], monitorIds: [1n] },
      message: /server_ids names 1 and monitor_ids 1: expected one/,
    },
    {
      name: "too many",
      request: { monitorIds: [1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n, 9n] },
      message: /monitor_ids names 9: at most 8/,
    },
    { name: "no server", request: { serverIds: [9_999n] }, message: /no server with the id 9999/ },
    {
      name: "no monitor",
      request: { monitorIds: [9_999n] },
      message: /no monitor with the id 9999/,
    },
    {
      name: "too few buckets",
      request: { serverIds: [1n], bucketsMax: 9 },
      message: /buckets_max 9 is too small: at least 10/,
    },
    {
      name: "too many buckets",
      request: { serverIds: [1n], bucketsMax: 1_001 },
      message: /buckets_max 1001 is too large: at most 1000/,
    },
  ];
  test.each(cases)("$name", async ({ request, message }) => {
    await expect(analytics.compareSeries(request)).rejects.toThrow(message);
  });
});
