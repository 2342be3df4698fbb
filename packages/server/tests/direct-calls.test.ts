// Calls in the form that agents send are answered without Fastify and Connect, and nobody can tell: each is held against
// the same call by the long way, which a header that changes nothing sends it.

import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { connect } from "node:tls";
import { gunzipSync } from "node:zlib";
import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  toBinary,
} from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { monitorV2 } from "@truechimer/api";
import { systemClock } from "@truechimer/base";
import { useDatabase } from "@truechimer/testing-postgres";
import { createVirtualClock } from "@truechimer/testing-sim";
import { describe, expect, onTestFinished, test } from "vitest";
import { type AgentAnswer, askAsAgent, keptConnection } from "./_agent-client.ts";
import { authorityOn, MASTER_KEY } from "./_master-key.ts";
import { goodStatus, makeDue, newSubmissionId } from "./_results.ts";
import { ip, startServer, type TestServer, useServer } from "./_test-server.ts";

const database = await useDatabase();
const WITH_AGENTS = { masterKey: MASTER_KEY, agents: { listen: { host: "127.0.0.1", port: 0 } } };
const { server, admin } = await useServer(database, WITH_AGENTS);
const ca = authorityOn(database);
const rootPem = await ca.rootPem();
const MON = "10.1.2.3";
const NAME = "zurich-1gw2pjj.prod.mon.truechimer.internal";
await server.createMonitor({ name: "zurich", address: ip(MON) });
await database.pool.query("update monitors set tls_name = $1 where ip = $2", [NAME, MON]);
await admin.addServers({ targets: Array.from({ length: 30 }, (_, host) => `10.2.0.${host + 1}`) });
const pair = await ca.issueAgentCertificateWithKey({ tlsName: NAME });

const PROTO = { "content-type": "application/proto", "connect-protocol-version": "1" };
const LONG_WAY = { "content-encoding": "identity" };

type Method = "GetConfig" | "GetServers" | "SubmitResults";

interface Door {
  /** Also whether it went the long way. */
  ask(
    method: Method | "Nothing",
    body: Uint8Array,
    headers?: Readonly<Record<string, string>>,
  ): Promise<AgentAnswer & { readonly byFastify: boolean }>;
}

/** One connection, whose certificate has been looked at. */
async function openDoor(to: Pick<TestServer, "server"> = { server }): Promise<Door> {
  const connection = keptConnection();
  onTestFinished(() => connection.destroy());
  const door: Door = {
    ask: async (method, body, headers = {}) => {
      let handled = 0;
      const note = (): void => {
        handled += 1;
      };
      subscribe("tracing:fastify.request.handler:start", note);
      try {
        const answer = await askAsAgent({
          url: to.server.agentsUrl ?? "",
          rootPem,
          pair,
          connection,
          path: `/monitor.v2.MonitorService/${method}`,
          body,
          headers: { ...PROTO, ...headers },
        });
        return { ...answer, byFastify: handled > 0 };
      } finally {
        unsubscribe("tracing:fastify.request.handler:start", note);
      }
    },
  };
  await door.ask("GetConfig", bytes(monitorV2.GetConfigRequestSchema, { monId: MON }));
  return door;
}

function bytes<Desc extends DescMessage>(schema: Desc, init: MessageInitShape<Desc>): Uint8Array {
  return toBinary(schema, create(schema, init));
}

const getConfig = (monId = MON): Uint8Array => bytes(monitorV2.GetConfigRequestSchema, { monId });
const getServers = bytes(monitorV2.GetServersRequestSchema, {
  monId: MON,
  submissionVersionMax: 5,
});

async function takeBatch(door: Door): Promise<monitorV2.GetServersResponse> {
  await makeDue(database.kysely);
  const answer = await door.ask("GetServers", getServers);
  return fromBinary(monitorV2.GetServersResponseSchema, answer.bytes);
}

function submission(batch: monitorV2.GetServersResponse): Uint8Array {
  const [first, ...others] = batch.servers.map((each) => goodStatus(each));
  if (first === undefined) throw new Error("nothing was handed out");
  return bytes(monitorV2.SubmitResultsRequestSchema, {
    version: 5,
    monId: MON,
    batchId: batch.batchId,
    submissionId: newSubmissionId(),
    list: [{ ...first, ticket: Buffer.from("1-forged") }, ...others],
  });
}

/** Without what differs from one call to the next. */
function shown({ status, headers, body }: AgentAnswer): unknown {
  const { date: _date, ratelimit: _left, ...rest } = headers;
  return { status, headers: rest, body };
}

describe("the same answer by both ways", () => {
  test.each([
    { name: "GetConfig", method: "GetConfig", body: getConfig() },
    { name: "an address of nobody", method: "GetConfig", body: getConfig("10.9.9.9") },
    { name: "no address", method: "GetServers", body: Uint8Array.of(0x0a, 1, 0x78) },
    { name: "bytes that are no message", method: "SubmitResults", body: Uint8Array.of(0x0a, 200) },
    { name: "an empty message", method: "SubmitResults", body: new Uint8Array() },
    {
      name: "a version that is not taken",
      method: "SubmitResults",
      body: bytes(monitorV2.SubmitResultsRequestSchema, { version: 9, monId: MON }),
    },
  ] as const)("$name", async ({ method, body }) => {
    const door = await openDoor();
    const direct = await door.ask(method, body, { "connect-timeout-ms": "20000" });
    const long = await door.ask(method, body, LONG_WAY);
    expect([direct.byFastify, long.byFastify]).toEqual([false, true]);
    expect(shown(direct)).toEqual(shown(long));
    expect(direct.headers["ratelimit"]).toMatch(/^"agent_calls";r=\d+;t=\d+$/);
  });

  test("a submission that is counted in part, and is sent again", async () => {
    const door = await openDoor();
    const body = submission(await takeBatch(door));
    const direct = await door.ask("SubmitResults", body);
    expect(direct.byFastify).toBe(false);
    const first = fromBinary(monitorV2.SubmitResultsResponseSchema, direct.bytes);
    expect(first).toMatchObject({ ok: true, refused: [{ index: 0, code: "bad_ticket" }] });
    const long = await door.ask("SubmitResults", body, LONG_WAY);
    expect(fromBinary(monitorV2.SubmitResultsResponseSchema, long.bytes)).toEqual({
      ...first,
      duplicate: true,
    });
    expect(shown(await door.ask("SubmitResults", body))).toEqual(shown(long));
  });

  test("a long answer is compressed for those who can read it", async () => {
    const door = await openDoor();
    await makeDue(database.kysely);
    const plain = await door.ask("GetServers", getServers);
    expect(plain.headers["content-encoding"]).toBeUndefined();
    await makeDue(database.kysely);
    const packed = await door.ask("GetServers", getServers, { "accept-encoding": "zstd, gzip" });
    expect([packed.byFastify, packed.headers["content-encoding"]]).toEqual([false, "gzip"]);
    const { servers } = fromBinary(monitorV2.GetServersResponseSchema, gunzipSync(packed.bytes));
    expect(servers).toHaveLength(30);
  });
});

describe("the long way is taken by", () => {
  test.each([
    { name: "JSON", headers: { "content-type": "application/json" }, status: 200 },
    { name: "gRPC-Web", headers: { "content-type": "application/grpc-web+proto" }, status: 200 },
    { name: "a timeout that is none", headers: { "connect-timeout-ms": "soon" }, status: 400 },
    { name: "a body without a length", headers: { "transfer-encoding": "chunked" }, status: 200 },
  ])("$name", async ({ headers, status }) => {
    const door = await openDoor();
    const isJson = headers["content-type"] === "application/json";
    const body = isJson ? Buffer.from(JSON.stringify({ monId: MON })) : getConfig();
    const answer = await door.ask("GetConfig", body, headers);
    expect(answer.byFastify).toBe(true);
    expect(answer.status).toBe(status);
  });

  test("a body over the limit, which is refused", async () => {
    const small = await startServer(database, {
      ...WITH_AGENTS,
      limits: { monitorBodyBytesMax: 100 },
    });
    onTestFinished(() => small.server[Symbol.asyncDispose]());
    const door = await openDoor(small);
    const answer = await door.ask("SubmitResults", new Uint8Array(101));
    expect([answer.byFastify, answer.headers["truechimer-error-code"]]).toEqual([
      true,
      "limit_exceeded",
    ]);
  });

  test("the first call of a connection, and one each five seconds", async () => {
    const clock = createVirtualClock({ startNs: systemClock.nowNs() });
    const own = await startServer(database, { ...WITH_AGENTS, clock });
    onTestFinished(() => own.server[Symbol.asyncDispose]());
    const door = await openDoor(own);
    expect((await door.ask("GetConfig", getConfig())).byFastify).toBe(false);
    await clock.advance(6_000);
    expect((await door.ask("GetConfig", getConfig())).byFastify).toBe(true);
    expect((await door.ask("GetConfig", getConfig())).byFastify).toBe(false);
  });
});

describe("limits", () => {
  test("of calls hold over both ways together", async () => {
    const few = await startServer(database, {
      ...WITH_AGENTS,
      rateLimits: { agent_calls: { max: 4 } },
    });
    onTestFinished(() => few.server[Symbol.asyncDispose]());
    await database.pool.query("delete from rate_limit_windows");
    const door = await openDoor(few);
    const statuses = [];
    for (const headers of [{}, LONG_WAY, {}]) {
      statuses.push((await door.ask("GetConfig", getConfig(), headers)).status);
    }
    expect(statuses).toEqual([200, 200, 200]);
    const direct = await door.ask("GetConfig", getConfig());
    const long = await door.ask("GetConfig", getConfig(), LONG_WAY);
    expect([direct.byFastify, direct.status]).toEqual([false, 429]);
    const { "retry-after": retryAfter, ...headers } = direct.headers;
    expect(Number(retryAfter)).toBeGreaterThan(0);
    expect(shown({ ...direct, headers, body: "" })).toEqual(
      shown({ ...long, headers: { ...long.headers, "retry-after": undefined }, body: "" }),
    );
    await database.pool.query("delete from rate_limit_windows");
  });

  test("of calls at once hold, and a body that breaks off gives its place back", async () => {
    const narrow = await startServer(database, {
      ...WITH_AGENTS,
      rateLimits: { calls_in_flight: { max: 1 } },
    });
    onTestFinished(() => narrow.server[Symbol.asyncDispose]());
    const door = await openDoor(narrow);
    const { hostname, port } = new URL(narrow.server.agentsUrl ?? "");
    const socket = connect({
      host: hostname,
      port: Number(port),
      servername: "localhost",
      ca: rootPem,
      cert: pair.certificatePem,
      key: pair.keyPem,
    });
    await once(socket, "secureConnect");
    const head = (length: number): string =>
      "POST /monitor.v2.MonitorService/GetConfig HTTP/1.1\r\nhost: localhost\r\n" +
      `content-type: application/proto\r\ncontent-length: ${length}\r\n\r\n`;
    const whole = getConfig();
    // The second request of this connection is answered directly, and never ends.
    socket.write(Buffer.concat([Buffer.from(head(whole.length)), whole]));
    await once(socket, "data");
    socket.write(head(1_000));
    const full = await until(
      () => door.ask("GetConfig", whole),
      ({ status }) => status !== 200,
    );
    expect([full.byFastify, full.status, full.headers["truechimer-error-code"]]).toEqual([
      false,
      429,
      "limit_exceeded",
    ]);
    socket.destroy();
    const free = await until(
      () => door.ask("GetConfig", whole),
      ({ status }) => status === 200,
    );
    expect(free.byFastify).toBe(false);
  });
});

test("Connect's own client is answered directly, its errors are Connect's", async () => {
  const transport = createConnectTransport({
    baseUrl: server.agentsUrl ?? "",
    httpVersion: "1.1",
    nodeOptions: {
      ca: rootPem,
      cert: pair.certificatePem,
      key: pair.keyPem,
      servername: "localhost",
      agent: keptConnection(),
    },
  });
  const client = createClient(monitorV2.MonitorService, transport);
  await client.getConfig({ monId: MON }, { timeoutMs: 30_000 });
  expect(await client.getConfig({ monId: MON }, { timeoutMs: 30_000 })).toMatchObject({
    samples: 3,
  });
  await expect(client.getConfig({ monId: "10.9.9.9" })).rejects.toMatchObject({
    rawMessage: "no such monitor: the agent has none at 10.9.9.9",
    message: expect.stringContaining("not_found"),
  });
});

/** Asks until it is so: the test's own limit ends what never is. */
async function until<Value>(
  ask: () => Promise<Value>,
  isSo: (value: Value) => boolean,
): Promise<Value> {
  for (;;) {
    const value = await ask();
    if (isSo(value)) return value;
  }
}
