// The agent's end of monitor.v2 on the wire: a server that knows nothing but the octets of the vectors answers it, and
// what the agent sends is held against them.

import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { monitorV2 } from "@truechimer/api";
import { expect, onTestFinished, test } from "vitest";
import { createHttpConnections, type MonitorClient } from "../src/monitor-client.ts";
import { monitorConfigFrom } from "../src/monitor-config.ts";
import { parseWorkBatch } from "../src/work-batch.ts";

const FOLDER = join(import.meta.dirname, "..", "..", "..", "vectors", "ntppool", "monitor-v2");
const CALLED = "/monitor.v2.MonitorService/";
const ULID = "01JZWXQ7K8M3N4P5R6S7T8V9WA";

function wireOf(name: string): Buffer {
  const { wire } = JSON.parse(readFileSync(join(FOLDER, `${name}.json`), "utf8"));
  return Buffer.from(wire, "hex");
}

interface Peer {
  readonly client: MonitorClient;
  /** Path and octets of what came. */
  readonly came: { readonly path: string; readonly wire: string }[];
}

/** Answers everything with the octets of one vector. */
async function usePeer(answer: string): Promise<Peer> {
  const came: { path: string; wire: string }[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.once("end", () => {
      expect(request.headers["content-type"]).toBe("application/proto");
      came.push({ path: request.url ?? "", wire: Buffer.concat(parts).toString("hex") });
      response.writeHead(200, { "content-type": "application/proto" }).end(wireOf(answer));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const connections = createHttpConnections(`http://127.0.0.1:${port}`, {
    tls: undefined,
    subscribe: () => () => {},
  });
  onTestFinished(() => {
    connections[Symbol.dispose]();
    server.closeAllConnections();
    server.close();
  });
  return { came, client: createClient(monitorV2.MonitorService, connections.createTransport([])) };
}

test("GetConfig: what a control plane of the NTP Pool answers is read field by field", async () => {
  const { client, came } = await usePeer("get-config-response-v4");
  const message = await client.getConfig({ monId: "203.0.113.7" });
  expect(came).toEqual([
    { path: `${CALLED}GetConfig`, wire: wireOf("get-config-request").toString("hex") },
  ]);
  expect(monitorConfigFrom(message, { allowPrivateTargets: true })).toMatchObject({
    samples: 3,
    sampleIntervalMs: 2_000,
    address: { text: "203.0.113.7" },
    natAddress: { text: "10.0.0.7" },
    baseChecks: ["time.example.net", "ntp.example.org"],
    broker: { host: "mqtt.example.net", port: 1883, token: "eyJhbGciOiJIUzM4NCJ9.e30.c2ln" },
    otlpLogLevel: "info",
    privateTargetsAllowed: false,
    peerIsTruechimer: false,
  });
});

test("GetConfig: what one of ours answers has its own fields, too", async () => {
  const { client } = await usePeer("get-config-response-v5");
  const message = await client.getConfig({ monId: "203.0.113.7" });
  expect(monitorConfigFrom(message, { allowPrivateTargets: true })).toMatchObject({
    address: { text: "2001:db8::7" },
    sampleIntervalMs: 2_000,
    sampleTimeoutMs: 2_500,
    privateTargetsAllowed: true,
    peerIsTruechimer: true,
  });
});

test("GetConfig: an answer of no octets means the defaults", async () => {
  const { client } = await usePeer("get-config-response-default");
  const message = await client.getConfig({ monId: "203.0.113.7" });
  const config = monitorConfigFrom(message, { allowPrivateTargets: false });
  expect(config).toMatchObject({ samples: 3, baseChecks: [], peerIsTruechimer: false });
  expect([config.address, config.broker]).toEqual([undefined, undefined]);
});

test("GetServers: the work of an NTP Pool control plane, checks and traceroutes apart", async () => {
  const { client, came } = await usePeer("get-servers-response-v4");
  const message = await client.getServers({ monId: "2001:db8::7" });
  expect(came[0]?.wire).toBe(wireOf("get-servers-request-v4").toString("hex"));
  const batch = parseWorkBatch(message);
  expect(batch).toMatchObject({
    ok: true,
    value: {
      batchIdText: ULID,
      items: [{ address: { text: "198.51.100.1" }, port: 123, checkIntervalMs: undefined }],
      traceroutes: [
        { address: { text: "2001:db8::7" }, port: 123, testId: Uint8Array.from([0, 255]) },
      ],
      leftOut: [],
      leaseMs: undefined,
      withdrawals: [],
    },
  });
});

test("GetServers: the work of one of ours with port, interval, lease and withdrawals", async () => {
  const { client, came } = await usePeer("get-servers-response-v5");
  const message = await client.getServers({
    monId: "2001:db8::7",
    submissionVersionMax: 5,
    withdrawalsAfter: 18_446_744_073_709_551_615n,
  });
  expect(came[0]?.wire).toBe(wireOf("get-servers-request-v5").toString("hex"));
  expect(parseWorkBatch(message)).toMatchObject({
    ok: true,
    value: {
      items: [{ address: { text: "198.51.100.1" }, port: 1123, checkIntervalMs: 540_000 }],
      leaseMs: 86_400_000,
      withdrawals: [
        { address: { text: "198.51.100.2" }, port: 123 },
        { address: { text: "2001:db8::7" }, port: 1123 },
      ],
      withdrawalsCursor: 4_611_686_018_427_387_904n,
    },
  });
});

test("GetServers: nothing is due", async () => {
  const { client } = await usePeer("get-servers-response-empty");
  const batch = parseWorkBatch(await client.getServers({ monId: "203.0.113.7" }));
  expect(batch).toMatchObject({ ok: true, value: { items: [], traceroutes: [], leftOut: [] } });
});

test.each([
  "submit-results-request-v4",
  "submit-results-request-v5",
  "submit-results-request-traceroute",
])("SubmitResults: %s goes out as its octets", async (name) => {
  const { client, came } = await usePeer("submit-results-response-v4");
  const message = fromBinary(monitorV2.SubmitResultsRequestSchema, wireOf(name));
  const answer = await client.submitResults(message);
  expect(came).toEqual([{ path: `${CALLED}SubmitResults`, wire: wireOf(name).toString("hex") }]);
  expect(answer).toMatchObject({ ok: true, duplicate: false, refused: [] });
});

test("SubmitResults: what one of ours answers names what it refused", async () => {
  const { client } = await usePeer("submit-results-response-v5");
  const answer = await client.submitResults({ version: 5 });
  expect(answer).toMatchObject({
    ok: true,
    duplicate: true,
    refused: [{ index: 2, code: "bad_ticket" }],
  });
});
