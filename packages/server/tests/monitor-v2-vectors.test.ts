// The control plane's end of monitor.v2 on the wire: it is asked with the octets of the vectors, and what it answers has
// the fields that they have.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { monitorV2 } from "@truechimer/api";
import { createUlid, systemClock, systemRandom } from "@truechimer/base";
import { useDatabase } from "@truechimer/testing-postgres";
import { expect, test } from "vitest";
import { ip, useServer } from "./_test-server.ts";

const FOLDER = join(import.meta.dirname, "..", "..", "..", "vectors", "ntppool", "monitor-v2");
const database = await useDatabase();
const { server } = await useServer(database, { roles: ["api"] });
const { token } = await server.createMonitor({ name: "zurich", address: ip("203.0.113.7") });
await server.createMonitor({ name: "zurich", address: ip("2001:db8::7"), token });
const alone = await server.createMonitor({ name: "oslo", address: ip("203.0.113.8") });

function wireOf(name: string): Uint8Array<ArrayBuffer> {
  const { wire } = JSON.parse(readFileSync(join(FOLDER, `${name}.json`), "utf8"));
  return Uint8Array.from(Buffer.from(wire, "hex"));
}

/** With the id of a batch of this moment in place of the vector's, which is of as many octets. */
function freshWireOf(name: string): Uint8Array<ArrayBuffer> {
  const hex = Buffer.from(wireOf(name)).toString("hex");
  const old = Buffer.from("01JZWXQ7K8M3N4P5R6S7T8V9WA").toString("hex");
  const fresh = Buffer.from(createUlid(systemClock, systemRandom)).toString("hex");
  expect(hex).toContain(old);
  return Uint8Array.from(Buffer.from(hex.replace(old, fresh), "hex"));
}

async function watch(...targets: readonly (readonly [address: string, port: number])[]) {
  await server.addServers(
    targets.map(([address, port]) => ({ name: address, address: ip(address), port })),
  );
}

/** Rejects what is no answer of the service. */
async function ask(
  procedure: string,
  wire: Uint8Array<ArrayBuffer>,
  bearer = token,
): Promise<Uint8Array> {
  const answer = await fetch(`${server.url}/monitor.v2.MonitorService/${procedure}`, {
    method: "POST",
    headers: {
      "content-type": "application/proto",
      "connect-protocol-version": "1",
      "user-agent": "ntppool-agent/v4.1.5/c06769b",
      authorization: `Bearer ${bearer}`,
    },
    body: wire,
  });
  const body = new Uint8Array(await answer.arrayBuffer());
  if (answer.status !== 200) throw new Error(new TextDecoder().decode(body));
  return body;
}

test("GetConfig: an agent with one monitor need not name it, one with several must", async () => {
  const named = await ask("GetConfig", wireOf("get-config-request"));
  const unnamed = await ask("GetConfig", wireOf("get-config-request-empty"), alone.token);
  for (const [bytes, last] of [
    [named, 7],
    [unnamed, 8],
  ] as const) {
    const config = fromBinary(monitorV2.GetConfigResponseSchema, bytes);
    expect(config.$unknown).toBeUndefined();
    expect([config.samples, [...config.ipBytes]]).toEqual([3, [203, 0, 113, last]]);
  }
  await expect(ask("GetConfig", wireOf("get-config-request-empty"))).rejects.toThrow(
    /mon_id is empty, but the agent has several monitors/,
  );
});

test("GetServers: an agent of the NTP Pool is not told of other ports, one of ours is, with lease and interval", async () => {
  await watch(["2001:db8:1::1", 123], ["2001:db8:1::2", 1123]);
  const theirs = fromBinary(
    monitorV2.GetServersResponseSchema,
    await ask("GetServers", wireOf("get-servers-request-v4")),
  );
  expect(theirs.servers.map(({ port, ipBytes }) => [port, ipBytes.length])).toEqual([
    [undefined, 16],
  ]);
  expect(theirs.lease).toBeUndefined();
  const ours = fromBinary(
    monitorV2.GetServersResponseSchema,
    await ask("GetServers", wireOf("get-servers-request-v5")),
  );
  expect(ours.servers.map(({ port }) => port)).toEqual([1123]);
  expect([ours.lease?.seconds, ours.servers[0]?.checkInterval !== undefined]).toEqual([
    86_400n,
    true,
  ]);
});

test("SubmitResults: each status of version 4 is counted as it says, times of both signs", async () => {
  await watch(["198.51.100.1", 123], ["198.51.100.2", 123], ["198.51.100.3", 123]);
  const asked = create(monitorV2.GetServersRequestSchema, { monId: "203.0.113.7" });
  const work = fromBinary(
    monitorV2.GetServersResponseSchema,
    await ask("GetServers", Uint8Array.from(toBinary(monitorV2.GetServersRequestSchema, asked))),
  );
  const vector = fromBinary(
    monitorV2.SubmitResultsRequestSchema,
    wireOf("submit-results-request-v4"),
  );
  const ticketOf = new Map(work.servers.map((each) => [each.ipBytes.join("."), each.ticket]));
  // What only the control plane can make is its own; the IPv6 one was not handed out to this monitor.
  const list = vector.list
    .filter(({ ipBytes }) => ipBytes.length === 4)
    .map((status) => ({
      ...status,
      ticket: ticketOf.get(status.ipBytes.join(".")) ?? new Uint8Array(),
      ts: timestampFromMs(Date.now()),
    }));
  const submission = create(monitorV2.SubmitResultsRequestSchema, {
    ...vector,
    list,
    batchId: work.batchId,
  });
  const wire = toBinary(monitorV2.SubmitResultsRequestSchema, submission);
  const answer = fromBinary(
    monitorV2.SubmitResultsResponseSchema,
    await ask("SubmitResults", Uint8Array.from(wire)),
  );
  expect(answer).toMatchObject({ ok: true, refused: [], duplicate: false });
  const { rows } = await database.pool.query(
    `select host(s.ip) as ip, l.offset_ns, l.rtt_ns, l.stratum, l.reason from log_scores l
     join servers s on s.id = l.server_id order by s.ip`,
  );
  expect(rows).toEqual([
    { ip: "198.51.100.1", offset_ns: -40_000_000n, rtt_ns: 20_000_001n, stratum: 2, reason: null },
    { ip: "198.51.100.2", offset_ns: null, rtt_ns: null, stratum: null, reason: "timeout" },
    expect.objectContaining({ ip: "198.51.100.3", reason: "kiss_rate" }),
  ]);
});

test.each([
  "submit-results-request-v4",
  "submit-results-request-v5",
  "submit-results-request-traceroute",
])("SubmitResults: %s is read down to its times, which are not of this moment", async (name) => {
  const bytes = await ask("SubmitResults", freshWireOf(name)).catch((error: unknown) => error);
  if (bytes instanceof Error) {
    expect(bytes.message).toMatch(/older than its batch/);
    return;
  }
  const { refused } = fromBinary(monitorV2.SubmitResultsResponseSchema, bytes as Uint8Array);
  const { list } = fromBinary(monitorV2.SubmitResultsRequestSchema, wireOf(name));
  expect(refused.map(({ code }) => code)).toEqual(list.map(() => "bad_result_time"));
});
