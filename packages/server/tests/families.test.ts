// GetFamilies over a real database and the history in memory.

import { adminV1 } from "@truechimer/api";
import { useDatabase } from "@truechimer/testing-postgres";
import { describe, expect, test, vi } from "vitest";
import {
  accountKey,
  ago,
  analyticsClient,
  type InsertedCheck,
  insertChecks,
  useLoadedServer,
} from "./_analytics.ts";
import { ip, useServer } from "./_test-server.ts";

// Starts with a thread of its own, on a machine that is busy with other tests.
vi.setConfig({ testTimeout: 120_000 });

const database = await useDatabase();
const MS = 1_000_000;
const HOUR = 3_600;
const { server: unloaded } = await useServer(database);
await unloaded.createMonitor({ name: "zurich", address: ip("10.0.0.1") });
await unloaded.createMonitor({ name: "zurich6", address: ip("2001:db8::1") });
await unloaded.addServers(
  [
    ["near.example", "10.1.0.1"],
    ["near.example", "2001:db8:1::1"],
    ["apart.example", "10.1.0.2"],
    ["apart.example", "10.1.0.3"],
    ["apart.example", "2001:db8:1::2"],
    ["silent6.example", "10.1.0.4"],
    ["silent6.example", "2001:db8:1::4"],
    ["unseen6.example", "10.1.0.5"],
    ["unseen6.example", "2001:db8:1::5"],
    ["old.example", "10.1.0.6"],
  ].map(([name = "", address = ""]) => ({ name, address: ip(address), port: 123 })),
);

const ROUNDS = [0, 1, 2, 3, 4, 5];
/** Six checks a minute apart, whose offsets lie 0.1 ms apart about the middle. */
const checks = (
  server: string,
  address: string,
  { offsetMs, rttMs, answered = 4 }: { offsetMs: number; rttMs: number; answered?: number },
): readonly InsertedCheck[] =>
  ROUNDS.map((round) => ({
    server,
    address,
    monitor: address.includes(":") ? "zurich6" : "zurich",
    ageSeconds: 60 + 60 * round,
    offsetNs: Math.round(offsetMs * MS + (round - 2) * 0.1 * MS),
    rttNs: rttMs * MS,
    boundNs: 2 * MS,
    sent: 4,
    answered,
  }));
const unanswered = (server: string, address: string): readonly InsertedCheck[] =>
  ROUNDS.map((round) => ({
    server,
    address,
    monitor: "zurich6",
    ageSeconds: 60 + 60 * round,
    reason: "timeout",
    sent: 4,
    answered: 0,
  }));
await insertChecks(database, [
  ...checks("near.example", "10.1.0.1", { offsetMs: 1, rttMs: 20 }),
  ...checks("near.example", "2001:db8:1::1", { offsetMs: 1.05, rttMs: 30 }),
  ...checks("apart.example", "10.1.0.2", { offsetMs: 2, rttMs: 20, answered: 1 }),
  ...checks("apart.example", "10.1.0.3", { offsetMs: 2, rttMs: 20, answered: 1 }),
  ...checks("apart.example", "2001:db8:1::2", { offsetMs: -3, rttMs: 12 }),
  ...checks("silent6.example", "10.1.0.4", { offsetMs: 0, rttMs: 20 }),
  ...unanswered("silent6.example", "2001:db8:1::4"),
  ...checks("unseen6.example", "10.1.0.5", { offsetMs: 0, rttMs: 20 }),
  ...checks("old.example", "10.1.0.6", { offsetMs: 0, rttMs: 20 }),
]);
const { server, analytics } = await useLoadedServer(database);
const lastHour = { from: ago(HOUR) };

test("the pair that differs the most for certain comes first, and a family that never answers last", async () => {
  const answer = await analytics.getFamilies(lastHour);
  expect(answer.pairs.map(({ serverName }) => serverName)).toEqual([
    "apart.example",
    "near.example",
    "silent6.example",
  ]);
  const [apart, near, silent] = answer.pairs;
  expect(apart?.offset?.difference).toBe(-5 * MS);
  // The deviations of twelve and of six offsets are 0.1 ms each.
  expect(apart?.offset?.standardError).toBeCloseTo(
    1.858 * 0.1 * MS * Math.sqrt(1 / 12 + 1 / 6),
    -3,
  );
  expect(apart?.rtt).toMatchObject({ difference: -8 * MS, standardError: 1 });
  expect(apart?.loss?.difference).toBe(-0.75);
  expect(apart?.betterInLoss).toBe(adminV1.IpFamily.V6);
  expect(near?.offset?.difference).toBeCloseTo(0.05 * MS, 0);
  expect(near?.betterInLoss).toBe(adminV1.IpFamily.UNSPECIFIED);
  expect(silent).toMatchObject({ loss: { difference: 1 }, betterInLoss: adminV1.IpFamily.V4 });
  expect([silent?.offset, silent?.rtt]).toEqual([undefined, undefined]);
});

test("several addresses of one family count as one, and what cannot be compared is counted", async () => {
  const answer = await analytics.getFamilies(lastHour);
  const [apart] = answer.pairs;
  expect(apart?.ipv4).toMatchObject({
    figures: { checks: 12n, offset: { valueNs: BigInt(2 * MS), boundNs: BigInt(2 * MS) } },
    offsetSpreadNs: BigInt(0.1 * MS),
    rttSpreadNs: 0n,
  });
  expect([apart?.ipv4?.serverIds.length, apart?.ipv6?.serverIds.length]).toEqual([2, 1]);
  expect(answer).toMatchObject({ pairsTotal: 3, pairsNotCompared: 1, namesOfOneFamily: 1 });
  expect(answer.range).toMatchObject({ partial: false, checks: 42n });
});

test("a list that is cut off says how many there are, and a filter narrows what is compared", async () => {
  const cut = await analytics.getFamilies({ ...lastHour, pairsMax: 1 });
  expect([cut.pairs.length, cut.pairsTotal]).toEqual([1, 3]);
  const named = await analytics.getFamilies({ ...lastHour, filter: "server:near.*" });
  expect(named.pairs.map(({ serverName }) => serverName)).toEqual(["near.example"]);
  expect(named.namesOfOneFamily).toBe(0);
  const ahead = await analytics.getFamilies({ ...lastHour, filter: "offset>0ms" });
  expect(ahead).toMatchObject({ pairsTotal: 1, pairsNotCompared: 3 });
});

test("a time that the memory does not reach is told as partial", async () => {
  const { range } = await analytics.getFamilies({ from: ago(40 * 86_400) });
  expect(range?.partial).toBe(true);
  expect(range?.coveredFrom).toEqual(range?.horizon);
});

test("a key of one account sees the servers of that account alone", async () => {
  const narrow = analyticsClient(server.url, await accountKey(database, "narrow"));
  const answer = await narrow.getFamilies(lastHour);
  expect(answer).toMatchObject({ pairs: [], pairsTotal: 0, pairsNotCompared: 0 });
  expect(answer.namesOfOneFamily).toBe(0);
});

describe("a question that cannot be answered names what is wrong", () => {
  test.each([
    {
      name: "too many",
      request: { pairsMax: 501 },
      message: /pairs_max 501 is too large: at most 500/,
    },
    { name: "an empty range", request: { from: ago(5), to: ago(5) }, message: /is not before to/ },
    { name: "no filter", request: { filter: "ofset>1" }, message: /ofset/ },
  ])("$name", async ({ request, message }) => {
    await expect(analytics.getFamilies(request)).rejects.toThrow(message);
  });
});
