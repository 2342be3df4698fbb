// Submissions of old agents: version 2, which has no tickets and is taken only where an operator allows it, and offsets
// of exactly 0 that mean there was none.

import { create } from "@bufbuild/protobuf";
import { monitorV2 } from "@truechimer/api";
import { createUlid, systemClock, systemRandom } from "@truechimer/base";
import { useDatabase } from "@truechimer/testing-postgres";
import { beforeEach, describe, expect, test } from "vitest";
import { goodStatus, type MonitorClient, refusalOf } from "./_results.ts";
import { ip, useServer } from "./_test-server.ts";

const database = await useDatabase();
const { kysely } = database;
const strict = await useServer(database);
const lenient = await useServer(database, { agents: { ticketlessAllowed: true } });
const MON = "10.0.0.1";

let client: MonitorClient;
let strictClient: MonitorClient;

beforeEach(async () => {
  for (const table of ["submissions", "log_scores", "check_evidence", "result_commits"] as const) {
    await kysely.deleteFrom(table).execute();
  }
  await kysely.deleteFrom("server_scores").execute();
  await kysely.updateTable("monitors").set({ last_submit: null }).execute();
  const { token } = await lenient.server.createMonitor({ name: "zurich", address: ip(MON) });
  await lenient.admin.addServers({ targets: ["10.1.0.1", "10.1.0.2"] });
  client = lenient.monitorClient(token);
  strictClient = strict.monitorClient(token);
});

function batchIdAt(ms: number): Uint8Array {
  const clock = { ...systemClock, nowNs: () => BigInt(ms) * 1_000_000n };
  return new TextEncoder().encode(createUlid(clock, systemRandom));
}

async function counted(): Promise<readonly { readonly ip: string; readonly step: number }[]> {
  return kysely
    .selectFrom("log_scores as l")
    .innerJoin("servers as s", "s.id", "l.server_id")
    .select(["s.ip", "l.step"])
    .orderBy("s.ip")
    .execute();
}

describe("version 2", () => {
  const statusOf = (last: number): monitorV2.ServerStatus =>
    goodStatus(create(monitorV2.ServerSchema, { ipBytes: Uint8Array.of(10, 1, 0, last) }));
  const submission = (ms = Date.now()) => ({
    version: 2,
    monId: MON,
    batchId: batchIdAt(ms),
    list: [statusOf(1), statusOf(2)],
  });

  test("is refused unless it is allowed, and then counts without tickets, once", async () => {
    const one = submission();
    expect(await refusalOf(strictClient.submitResults(one))).toBe("unsupported_version");
    expect(await counted()).toEqual([]);
    expect(await client.submitResults(one)).toMatchObject({ ok: true, duplicate: false });
    expect(await client.submitResults(one)).toMatchObject({ ok: true, duplicate: true });
    expect(await counted()).toEqual([
      { ip: "10.1.0.1", step: 1 },
      { ip: "10.1.0.2", step: 1 },
    ]);
  });

  test("is also refused with a good ticket where it is not allowed", async () => {
    const batch = await strictClient.getServers({ monId: MON });
    const list = batch.servers.map((server) => goodStatus(server));
    const call = strictClient.submitResults({ ...submission(), batchId: batch.batchId, list });
    expect(await refusalOf(call)).toBe("unsupported_version");
  });

  test("counts for no server that the monitor is not assigned to, and assigns none", async () => {
    await kysely
      .deleteFrom("server_scores")
      .where("server_id", "in", (of) =>
        of.selectFrom("servers").select("id").where("ip", "=", "10.1.0.2"),
      )
      .execute();
    const answer = await client.submitResults(submission());
    expect(answer.refused).toMatchObject([{ index: 1, code: "unassigned_server" }]);
    expect(await counted()).toEqual([{ ip: "10.1.0.1", step: 1 }]);
    const left = await kysely.selectFrom("server_scores").select("id").execute();
    expect(left).toHaveLength(1);
  });

  test("of an older batch than the last is refused as a whole", async () => {
    await client.submitResults(submission());
    const older = client.submitResults(submission(Date.now() - 60_000));
    expect(await refusalOf(older)).toBe("batch_out_of_order");
    expect(await counted()).toHaveLength(2);
  });

  test("of a monitor that is not live is refused: no ticket says that it was", async () => {
    await kysely.updateTable("monitors").set({ status: "pending" }).execute();
    expect(await refusalOf(client.submitResults(submission()))).toBe("monitor_not_live");
    await kysely.updateTable("monitors").set({ status: "active" }).execute();
    expect(await counted()).toEqual([]);
  });

  test("brings no traceroutes: those need a ticket", async () => {
    const traced = statusOf(1);
    traced.traceroute = create(monitorV2.TracerouteSchema, { reached: true, startedAt: traced.ts });
    const call = client.submitResults({ ...submission(), list: [traced] });
    expect(await refusalOf(call)).not.toBe("accepted");
    expect(await kysely.selectFrom("traceroutes").select("id").execute()).toEqual([]);
  });
});

describe("an offset of exactly 0 with stratum 0 and no error", () => {
  test.each([
    { version: "v3.8.4/abc", believed: false },
    { version: "", believed: false },
    { version: "v3.8.5/abc", believed: true },
    { version: "dev-snapshot", believed: true },
  ])("of an agent $version: believed $believed", async ({ version, believed }) => {
    await kysely.updateTable("monitors").set({ client_version: version }).execute();
    const { batchId, servers } = await client.getServers({ monId: MON });
    const list = servers
      .slice(0, 1)
      .map((server) => goodStatus(server, { stratum: 0, offset: { seconds: 0n, nanos: 0 } }));
    await client.submitResults({ version: 4, monId: MON, batchId, list });
    const row = await kysely
      .selectFrom("log_scores")
      .select(["offset_ns", "step"])
      .executeTakeFirstOrThrow();
    expect(row.offset_ns).toBe(believed ? 0n : null);
  });

  test.each([2, 3, 4])("in version %i it is not believed of an old agent", async (version) => {
    await kysely.updateTable("monitors").set({ client_version: "v3.8.4" }).execute();
    const { batchId, servers } = await client.getServers({ monId: MON });
    const list = servers
      .slice(0, 1)
      .map((server) => goodStatus(server, { stratum: 0, offset: { seconds: 0n, nanos: 0 } }));
    expect((await client.submitResults({ version, monId: MON, batchId, list })).ok).toBe(true);
    const { offset_ns: offsetNs } = await kysely
      .selectFrom("log_scores")
      .select("offset_ns")
      .executeTakeFirstOrThrow();
    expect(offsetNs).toBeNull();
  });
});
