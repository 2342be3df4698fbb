// The whole way of a result: handed out, submitted, scored, judged, seen.

import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { adminV1, monitorV2 } from "@truechimer/api";
import { createUlid, systemClock, systemRandom } from "@truechimer/base";
import { useDatabase } from "@truechimer/testing-postgres";
import { expect, test, vi } from "vitest";
import { ip, useServer } from "./_test-server.ts";

const database = await useDatabase();
const { server, admin, monitorClient } = await useServer(database, {
  roles: ["api", "scorer", "worker"],
});

test("a result goes from the ticket to the verdict and the overview", async () => {
  const { token } = await server.createMonitor({ name: "zurich", address: ip("10.0.0.1") });
  const added = await admin.addServers({ targets: ["10.1.0.1", "10.1.0.2:1123", "224.0.0.1"] });
  expect(added.added.map(({ address, port }) => `${address}:${port}`)).toEqual([
    "10.1.0.1:123",
    "10.1.0.2:1123",
  ]);
  expect(added.refused.map(({ code }) => code)).toEqual(["address_refused"]);

  const client = monitorClient(token);
  const config = await client.getConfig({ monId: "10.0.0.1" });
  expect(config.samples).toBe(3);
  expect(config.sampleInterval?.seconds).toBe(2n);

  const batch = await client.getServers({ monId: "10.0.0.1", submissionVersionMax: 5 });
  expect(batch.servers).toHaveLength(2);
  const offsets = [0.001, 2.0];
  const answer = await client.submitResults({
    version: 5,
    monId: "10.0.0.1",
    batchId: batch.batchId,
    submissionId: createUlid(systemClock, systemRandom),
    list: batch.servers.map((each, index) =>
      create(monitorV2.ServerStatusSchema, {
        ticket: each.ticket,
        ipBytes: each.ipBytes,
        ...(each.port === undefined ? {} : { port: each.port }),
        ts: timestampFromMs(Date.now()),
        offset: {
          seconds: BigInt(Math.trunc(offsets[index] ?? 0)),
          nanos: Math.round(((offsets[index] ?? 0) % 1) * 1e9),
        },
        rtt: { seconds: 0n, nanos: 500_000 },
        errorBound: { seconds: 0n, nanos: 260_000 },
        stratum: 2,
      }),
    ),
  });
  expect(answer.refused).toEqual([]);

  await vi.waitFor(async () => {
    const overview = await admin.getOverview({});
    expect(overview.truechimers).toBe(1);
    expect(overview.falsetickers).toBe(1);
    expect(overview.sentence).toMatch(
      /^1 of 2 servers is within 1.0 ms; 10.1.0.2:1123 is 2.0 s ahead since \d\d:\d\dZ$/,
    );
  }, 5_000);

  const { servers } = await admin.listServers({});
  expect(servers.map(({ verdict }) => verdict)).toEqual([
    adminV1.Verdict.TRUECHIMER,
    adminV1.Verdict.FALSETICKER,
  ]);
  expect(servers.map(({ score }) => score)).toEqual([1, -2]);
  const detail = await admin.getServer({ id: servers[0]?.id ?? 0n });
  expect(detail.assignments).toHaveLength(1);
  const history = await admin.getServerHistory({ serverId: servers[0]?.id ?? 0n });
  expect(history.series.map(({ monitorId, score }) => [monitorId, score])).toEqual([
    [0n, [1]],
    [detail.assignments[0]?.monitorId, [1]],
  ]);
  const { checks } = await admin.listChecks({ serverId: servers[1]?.id ?? 0n });
  const check = await admin.getCheck({ id: checks[0]?.id ?? 0n });
  expect(check.arithmetic?.rule).toBe("offset_above_750ms");
  const { events } = await admin.listEvents({});
  expect(events.map(({ kind }) => kind)).toContain("verdict_changed");
  const system = await admin.getSystem({});
  expect(system.resultsTotal).toBe(2n);
  const monitors = await admin.listMonitors({});
  expect(monitors.monitors[0]?.checksLastHour).toBe(2n);
});
