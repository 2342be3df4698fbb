// Paths that are kept without being asked for: which servers, when, and how they are read again.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { adminV1, monitorV2 } from "@truechimer/api";
import { useDatabase } from "@truechimer/testing-postgres";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { mmdbFile } from "../src/networks/_mmdb-file.ts";
import { type MonitorClient, makeDue, newSubmissionId, refusalOf } from "./_results.ts";
import { ip, useServer } from "./_test-server.ts";

const database = await useDatabase({ poolSize: 20 });
const networksDirectory = await mkdtemp(join(tmpdir(), "truechimer-networks-"));
afterAll(() => rm(networksDirectory, { recursive: true }));
const networksFile = join(networksDirectory, "asn.mmdb");
const transit = { autonomous_system_number: 64_496, autonomous_system_organization: "Transit" };
await writeFile(networksFile, mmdbFile("ASN", { "10.9.9.2/32": transit }));
const { server, admin, monitorClient } = await useServer(database, { networksFile });
const { kysely } = database;
const MON = "10.0.0.1";

let client: MonitorClient;
let ids: readonly bigint[];

beforeEach(async () => {
  for (const table of ["traceroutes", "traceroute_turns", "server_scores", "events"] as const) {
    await kysely.deleteFrom(table).execute();
  }
  await kysely.updateTable("servers").set({ traced: false }).execute();
  const { token } = await server.createMonitor({ name: "zurich", address: ip(MON) });
  client = monitorClient(token);
  await admin.addServers({ targets: ["10.1.0.1", "10.1.0.2:1123"] });
  ids = (await admin.listServers({})).servers.map(({ id }) => id);
});

interface Work {
  readonly checks: number;
  readonly traces: readonly monitorV2.Server[];
  readonly batchId: Uint8Array;
}

async function take(submissionVersionMax = 5): Promise<Work> {
  await makeDue(kysely);
  const { servers, batchId } = await client.getServers({ monId: MON, submissionVersionMax });
  const traces = servers.filter(({ trace }) => trace);
  return { checks: servers.length - traces.length, traces, batchId };
}

async function turnsAged(interval: string): Promise<void> {
  await database.pool.query("update traceroute_turns set asked_at = asked_at - $1::interval", [
    interval,
  ]);
}

async function lastCheck(reason: string | null): Promise<void> {
  await kysely
    .updateTable("server_scores")
    .set({ reason })
    .where("server_id", "in", [...ids])
    .execute();
}

describe("a server that is traced", () => {
  test("is asked for once a day, beside its checks, and no other is", async () => {
    expect((await take()).traces).toEqual([]);
    const [first = 0n] = ids;
    const { servers } = await admin.setServerTracing({ ids: [first], traced: true });
    expect(servers.map(({ traced }) => traced)).toEqual([true]);
    const work = await take();
    expect([work.checks, work.traces.length]).toEqual([2, 1]);
    expect((await take()).traces).toEqual([]);
    await turnsAged("23 hours");
    expect((await take()).traces).toEqual([]);
    await turnsAged("2 hours");
    expect((await take()).traces).toHaveLength(1);
  });

  test("is traced at the beginning of a failure, once, and not at each of one that comes and goes", async () => {
    await admin.setServerTracing({ ids: [...ids], traced: true });
    expect((await take()).traces).toHaveLength(2);
    await lastCheck("timeout");
    // Just traced: it waits a quarter of an hour.
    expect((await take()).traces).toEqual([]);
    await turnsAged("16 minutes");
    expect((await take()).traces).toHaveLength(2);
    await turnsAged("16 minutes");
    expect((await take()).traces).toEqual([]);
    await lastCheck(null);
    expect((await take()).traces).toEqual([]);
    await lastCheck("timeout");
    expect((await take()).traces).toHaveLength(2);
    await lastCheck(null);
    await take();
    await lastCheck("timeout");
    expect((await take()).traces).toEqual([]);
  });

  test("is not handed so to agents that do not know our submissions", async () => {
    await admin.setServerTracing({ ids: [...ids], traced: true });
    expect((await take(4)).traces).toEqual([]);
    expect((await take()).traces).toHaveLength(2);
  });

  test("what is found is kept and read again, newest first, by pages", async () => {
    await admin.setServerTracing({ ids: [...ids], traced: true });
    const { traces, batchId } = await take();
    const [one] = traces;
    if (one === undefined) throw new Error("nothing to trace");
    const base = Date.now();
    for (const turn of [0, 1, 2]) {
      const { ticket, ipBytes, port } = one;
      const status = create(monitorV2.ServerStatusSchema, {
        ticket,
        ipBytes,
        ...(port === undefined ? {} : { port }),
        ts: timestampFromMs(Date.now()),
      });
      status.traceroute = create(monitorV2.TracerouteSchema, {
        startedAt: timestampFromMs(base - 30_000 + turn * 1_000),
        reached: turn > 0,
        hops: [
          { hopLimit: 1, answers: [{ ipBytes: Uint8Array.of(10, 9, 9, turn), rtt: { nanos: 5 } }] },
        ],
      });
      const answer = await client.submitResults({
        version: 5,
        monId: MON,
        batchId,
        submissionId: newSubmissionId(),
        list: [status],
      });
      expect(answer.refused).toEqual([]);
    }
    const row = await kysely
      .selectFrom("traceroutes")
      .select("server_id")
      .executeTakeFirstOrThrow();
    const serverId = row.server_id ?? 0n;
    const page = await admin.listTraceroutes({ serverId, pageSize: 2 });
    expect(page.traceroutes.map(({ hops }) => hops[0]?.answers[0]?.address)).toEqual([
      "10.9.9.2",
      "10.9.9.1",
    ]);
    const networks = page.traceroutes.map(({ hops }) => hops[0]?.answers[0]?.network);
    expect(networks).toEqual([
      create(adminV1.NetworkSchema, { number: 64_496, name: "Transit" }),
      undefined,
    ]);
    expect(page.traceroutes[0]).toMatchObject({
      monitorName: "zurich",
      reached: true,
      onDemand: false,
    });
    const rest = await admin.listTraceroutes({
      serverId,
      pageSize: 2,
      pageToken: page.nextPageToken,
    });
    expect(rest.traceroutes.map(({ reached }) => reached)).toEqual([false]);
    expect(rest.nextPageToken).toBe("");
    expect((await admin.listTraceroutes({ serverId, monitorId: 99n })).traceroutes).toEqual([]);
  });

  test("may cease to be; each change is an event, and setting it as it is changes nothing", async () => {
    const [first = 0n] = ids;
    for (const traced of [true, true, false, false]) {
      await admin.setServerTracing({ ids: [first], traced });
    }
    expect((await take()).traces).toEqual([]);
    const { events } = await admin.listEvents({ serverId: first });
    const kinds = events.map(({ kind }) => kind).filter((kind) => kind.includes("traced"));
    expect(kinds).toEqual(["server_untraced", "server_traced"]);
    expect(await refusalOf(admin.setServerTracing({ ids: [99n], traced: true }))).toBe("not_found");
    expect(await refusalOf(admin.setServerTracing({ traced: true }))).toBe("bad_request");
  });
});
