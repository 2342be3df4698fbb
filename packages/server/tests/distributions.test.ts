// GetDistributions and GetAllanDeviation over a real database and the history in memory.

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

// Four hours, a check a minute by three monitors: zurich sees a clock that gains 1 µs a second, oslo the same with noise.
await insertChecks(
  database,
  Array.from({ length: 240 }, (_unused, minute) =>
    (["zurich", "oslo", "lima"] as const).flatMap((monitor, at) =>
      // Lima looks only half as often.
      monitor === "lima" && minute % 2 === 1
        ? []
        : [
            {
              server: "fast.example",
              monitor,
              ageSeconds: 60 * minute,
              offsetNs: -60_000 * minute + (at === 1 ? ((minute * 7_919) % 1_000) * 1_000 : 0),
              rttNs: (10 + at) * MS,
              boundNs: 5 * MS,
            },
          ],
    ),
  )
    .flat()
    .concat([
      {
        server: "fast.example",
        monitor: "oslo",
        ageSeconds: 90,
        offsetNs: 9_000 * MS,
        rttNs: 300 * MS,
        boundNs: 150 * MS,
      },
    ]),
);
const { server, admin, analytics } = await useLoadedServer(database);
const { servers } = await admin.listServers({});
const { monitors } = await admin.listMonitors({});
const serverId = servers.find(({ name }) => name === "fast.example")?.id ?? 0n;
const monitorId = (name: string): bigint => monitors.find((one) => one.name === name)?.id ?? 0n;

test("a distribution counts each value once, keeps its extremes, and has the database's percentiles", async () => {
  const { rows } = await sql<{
    readonly count: bigint;
    readonly least: bigint;
    readonly greatest: bigint;
    readonly shares: readonly bigint[];
  }>`
    select count(*) as count, min(offset_ns) as least, max(offset_ns) as greatest,
      percentile_disc(array[0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99]) within group (order by offset_ns) as shares
    from log_scores where server_id = ${serverId} and reason is null`.execute(database.kysely);
  const expected = rows[0];
  const { offset, delay, range, serverName, figures } = await analytics.getDistributions({
    serverId,
  });
  expect(serverName).toBe("fast.example");
  expect(offset).toMatchObject({
    count: expected?.count,
    least: Number(expected?.least),
    greatest: Number(expected?.greatest),
    percentiles: expected?.shares.map(Number),
  });
  const counted = (offset?.counts ?? []).reduce((sum, count) => sum + count, 0n);
  expect(counted + (offset?.below ?? 0n) + (offset?.above ?? 0n)).toBe(expected?.count);
  expect(offset?.counts.length).toBeLessThanOrEqual(40);
  expect(offset?.above).toBeGreaterThanOrEqual(1n);
  expect(delay).toMatchObject({ least: 10 * MS, greatest: 300 * MS });
  expect(range).toMatchObject({ partial: false, checks: expected?.count });
  expect(figures?.offset?.boundNs).toBe(BigInt(5 * MS));
});

test("a filter narrows a distribution", async () => {
  const { delay } = await analytics.getDistributions({ serverId, filter: "monitor:zurich" });
  expect(delay).toMatchObject({ count: 240n, least: 10 * MS, greatest: 10 * MS, counts: [240n] });
});

test("a clock that gains steadily is stable for the monitor that sees no noise", async () => {
  const { series, monitorsTotal, range } = await analytics.getAllanDeviation({ serverId });
  expect(monitorsTotal).toBe(3);
  expect(series.map(({ monitorName }) => monitorName)).toEqual(["oslo", "zurich", "lima"]);
  const [oslo, zurich, lima] = series;
  expect(zurich).toMatchObject({ tau0S: 60, slots: 240, filled: 240 });
  expect(lima?.tau0S).toBe(120);
  // Database instants are whole microseconds: nothing else is left.
  for (const deviation of zurich?.deviation ?? [1]) expect(deviation).toBeLessThan(1e-10);
  for (const [at, deviation] of (oslo?.deviation ?? []).entries()) {
    expect(deviation).toBeGreaterThan(1e-8);
    expect(oslo?.error[at]).toBeGreaterThan(0);
  }
  expect(zurich?.tauS.slice(0, 4)).toEqual([60, 120, 240, 480]);
  for (const terms of zurich?.terms ?? []) expect(terms).toBeGreaterThanOrEqual(4n);
  expect(range?.checks).toBe(601n);
});

test("named monitors alone are told, one without offsets with an empty line", async () => {
  const { series } = await analytics.getAllanDeviation({
    serverId,
    monitorIds: [monitorId("lima"), monitorId("lima")],
  });
  expect(series.map(({ monitorName }) => monitorName)).toEqual(["lima"]);
  const other = servers.find(({ name }) => name === "lossy.example")?.id ?? 0n;
  const empty = await analytics.getAllanDeviation({
    serverId: other,
    monitorIds: [monitorId("lima")],
  });
  expect(empty.series[0]).toMatchObject({ tau0S: 0, tauS: [] });
});

test("a range beyond the memory says so", async () => {
  for (const { range } of [
    await analytics.getDistributions({ serverId, from: ago(400 * 86_400) }),
    await analytics.getAllanDeviation({ serverId, from: ago(400 * 86_400) }),
  ]) {
    expect(range?.partial).toBe(true);
    expect(range?.coveredFrom).toEqual(range?.horizon);
  }
});

test("another account's server looks as if it did not exist", async () => {
  const narrow = analyticsClient(server.url, await accountKey(database, "narrow"));
  await expect(narrow.getDistributions({ serverId })).rejects.toThrow(/there is no server/);
  await expect(narrow.getAllanDeviation({ serverId })).rejects.toThrow(/there is no server/);
});

describe("a question that cannot be answered names what is wrong", () => {
  test.each([
    [{ serverId: 9_999n }, /no server with the id 9999/],
    [{ serverId, binsMax: 4 }, /bins_max 4 is too small: at least 5/],
    [{ serverId, binsMax: 201 }, /bins_max 201 is too large: at most 200/],
    [{ serverId, from: ago(5), to: ago(5) }, /from .* is not before to/],
    [{ serverId, filter: "nonsense:1" }, /nonsense/],
  ])("distributions, case %#", async (request, message) => {
    await expect(analytics.getDistributions(request)).rejects.toThrow(message);
  });
  test.each([
    [{ serverId: 9_999n }, /no server with the id 9999/],
    [{ serverId, monitorIds: [9_999n] }, /no monitor with the id 9999/],
    [
      { serverId, monitorIds: [1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n, 9n] },
      /monitor_ids names 9: at most 8/,
    ],
  ])("Allan deviation, case %#", async (request, message) => {
    await expect(analytics.getAllanDeviation(request)).rejects.toThrow(message);
  });
});
