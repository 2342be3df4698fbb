// What agents can get wrong, or try, in a submission: each is refused with a code, counted, and leaves no trace.

import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { monitorV2 } from "@truechimer/api";
import { createUlid, systemClock, systemRandom } from "@truechimer/base";
import { useDatabase } from "@truechimer/testing-postgres";
import { beforeAll, describe, expect, test } from "vitest";
import { createTicket } from "../src/monitor-api/ticket.ts";
import { exchanges } from "./_exchanges.ts";
import { goodStatus, type MonitorClient, makeDue, newSubmissionId, refusalOf } from "./_results.ts";
import { ip, useServer } from "./_test-server.ts";
import { refusedWithoutTrace } from "./_witness.ts";

const database = await useDatabase();
const { kysely } = database;
const { server, admin, monitorClient } = await useServer(database);
const world = { database, url: server.url };
const MON = "10.0.0.1";
const NEIGHBOUR = "10.0.0.2";

let client: MonitorClient;
let neighbour: MonitorClient;

beforeAll(async () => {
  client = monitorClient((await server.createMonitor({ name: "zurich", address: ip(MON) })).token);
  const other = await server.createMonitor({ name: "vienna", address: ip(NEIGHBOUR) });
  neighbour = monitorClient(other.token);
  await admin.addServers({ targets: ["10.1.0.1", "10.1.0.2:1123", "10.1.0.3"] });
});

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

function ulidAt(ms: number): Uint8Array {
  const clock = { ...systemClock, nowNs: () => BigInt(ms) * 1_000_000n };
  return encode(createUlid(clock, systemRandom));
}

async function takeBatch(who: MonitorClient = client): Promise<monitorV2.GetServersResponse> {
  await makeDue(kysely);
  return who.getServers({ monId: who === client ? MON : NEIGHBOUR, submissionVersionMax: 5 });
}

type Change = (batch: monitorV2.GetServersResponse) => {
  readonly batchId?: Uint8Array;
  readonly version?: number;
  readonly submissionId?: string;
  readonly monId?: string;
  readonly list?: monitorV2.ServerStatus[];
};

/** A good submission with one thing wrong. */
async function submitChanged(change: Change): Promise<string> {
  const batch = await takeBatch();
  return refusedWithoutTrace(world, () =>
    refusalOf(
      client.submitResults({
        version: 5,
        monId: MON,
        batchId: batch.batchId,
        submissionId: newSubmissionId(),
        list: batch.servers.map((each) => goodStatus(each)),
        ...change(batch),
      }),
    ),
  );
}

const each =
  (alter: (status: monitorV2.ServerStatus, at: number) => void): Change =>
  ({ servers }) => ({
    list: servers.map((one, at) => {
      const status = goodStatus(one);
      alter(status, at);
      return status;
    }),
  });

describe("tickets", () => {
  const cases: readonly { name: string; change: Change; code: string }[] = [
    {
      name: "forged with a key of somebody else's",
      change: ({ batchId, servers }) => ({
        list: servers.map((one) => {
          const fields = {
            monitorId: 1n,
            batchId: Buffer.from(batchId).toString("latin1"),
            addressBytes: one.ipBytes,
            port: one.port ?? 123,
          };
          const key = { version: 1, key: new Uint8Array(32).fill(7) };
          return goodStatus(one, { ticket: createTicket(fields, key) });
        }),
      }),
      code: "bad_ticket",
    },
    {
      name: "of a key that never was",
      change: each((status) => {
        status.ticket = encode(`4000000000-${"A".repeat(43)}`);
      }),
      code: "bad_ticket",
    },
    {
      name: "of key 0",
      change: each((status) => {
        status.ticket = encode(`0-${"A".repeat(43)}`);
      }),
      code: "bad_ticket",
    },
    {
      name: "cut short",
      change: each((status, at) => {
        status.ticket = status.ticket.subarray(0, status.ticket.length - 1 - at);
      }),
      code: "bad_ticket",
    },
    {
      name: "with one bit turned",
      change: each((status, at) => {
        status.ticket = Uint8Array.from(status.ticket);
        const place = status.ticket.length - 2 - at;
        status.ticket[place] = (status.ticket[place] ?? 0) ^ 1;
      }),
      code: "bad_ticket",
    },
    {
      name: "with more behind it",
      change: each((status) => {
        status.ticket = Buffer.concat([status.ticket, Buffer.from("\n")]);
      }),
      code: "bad_ticket",
    },
    {
      name: "of a megabyte",
      change: each((status) => {
        status.ticket = new Uint8Array(1_000_000);
      }),
      code: "bad_ticket",
    },
    {
      name: "none at all",
      change: each((status) => {
        status.ticket = new Uint8Array();
      }),
      code: "bad_ticket",
    },
    {
      name: "of another server of the batch",
      change: ({ servers }) => ({
        list: servers.map((one, at) =>
          goodStatus(one, { ticket: servers[(at + 1) % servers.length]?.ticket ?? encode("") }),
        ),
      }),
      code: "bad_ticket",
    },
    {
      name: "of the same address at another port",
      change: each((status) => {
        status.port = 4_123;
      }),
      code: "bad_ticket",
    },
    {
      name: "for a server that nobody knows",
      change: each((status, at) => {
        status.ipBytes = Uint8Array.of(192, 0, 2, at);
      }),
      code: "bad_ticket",
    },
    {
      name: "in another batch",
      change: () => ({ batchId: ulidAt(Date.now()) }),
      code: "bad_ticket",
    },
  ];
  test.each(cases)("$name: $code", async ({ change, code }) => {
    expect(await submitChanged(change)).toBe(code);
  });

  test("of the neighbour, in the neighbour's batch: bad_ticket", async () => {
    const theirs = await takeBatch(neighbour);
    const stolen = (): Promise<string> =>
      refusalOf(
        client.submitResults({
          version: 5,
          monId: MON,
          batchId: theirs.batchId,
          submissionId: newSubmissionId(),
          list: theirs.servers.map((one) => goodStatus(one)),
        }),
      );
    expect(await refusedWithoutTrace(world, stolen)).toBe("bad_ticket");
  });

  test("one good one beside others that are not counts alone", async () => {
    const { batchId, servers } = await takeBatch();
    const list = servers.map((one, at) => goodStatus(one, at === 0 ? {} : { ticket: encode("x") }));
    const submissionId = newSubmissionId();
    const answer = await client.submitResults({
      version: 5,
      monId: MON,
      batchId,
      submissionId,
      list,
    });
    expect(answer.refused.map(({ index, code }) => [index, code])).toEqual([
      [1, "bad_ticket"],
      [2, "bad_ticket"],
    ]);
  });
});

describe("submissions", () => {
  const cases: readonly { name: string; change: Change; code: string }[] = [
    { name: "version 0", change: () => ({ version: 0 }), code: "unsupported_version" },
    { name: "version -1", change: () => ({ version: -1 }), code: "unsupported_version" },
    { name: "version 2", change: () => ({ version: 2 }), code: "unsupported_version" },
    {
      name: "the greatest version there can be",
      change: () => ({ version: 2_147_483_647 }),
      code: "unsupported_version",
    },
    {
      name: "a batch from the future",
      change: () => ({ batchId: ulidAt(Date.now() + 301_000) }),
      code: "bad_request",
    },
    {
      name: "a batch of the year 10889",
      change: () => ({ batchId: encode("7ZZZZZZZZZZZZZZZZZZZZZZZZZ") }),
      code: "bad_request",
    },
    {
      name: "a batch beyond what a ULID can hold",
      change: () => ({ batchId: encode("8ZZZZZZZZZZZZZZZZZZZZZZZZZ") }),
      code: "bad_request",
    },
    {
      name: "a batch that has expired",
      change: () => ({ batchId: ulidAt(Date.now() - 49 * 3_600_000) }),
      code: "ticket_expired",
    },
    {
      name: "a batch of version 4 that has expired",
      change: () => ({ version: 4, batchId: ulidAt(Date.now() - 25 * 3_600_000) }),
      code: "ticket_expired",
    },
    {
      name: "10,000 statuses",
      change: ({ servers: [one] }) => ({
        list: Array.from({ length: 10_000 }, () =>
          goodStatus(one ?? create(monitorV2.ServerSchema)),
        ),
      }),
      code: "limit_exceeded",
    },
    { name: "the neighbour's address", change: () => ({ monId: NEIGHBOUR }), code: "not_found" },
  ];
  test.each(cases)("$name: $code", async ({ change, code }) => {
    expect(await submitChanged(change)).toBe(code);
  });
});

describe("statuses that cannot be are refused one by one, and the whole when there is no other", () => {
  const noCheck = {
    offset: undefined as never,
    rtt: undefined as never,
    errorBound: undefined as never,
  };
  const absurd = { seconds: 9_223_372_036_854_775_807n, nanos: 2_147_483_647 };
  const cases: readonly {
    name: string;
    init: Parameters<typeof goodStatus>[1];
    code: string;
    message?: RegExp;
  }[] = [
    { name: "without a time", init: { ts: undefined as never }, code: "bad_result_time" },
    { name: "of 1970", init: { ts: { seconds: 0n } }, code: "bad_result_time" },
    { name: "of before 1970", init: { ts: { seconds: -1n } }, code: "bad_result_time" },
    { name: "of an absurd time", init: { ts: absurd }, code: "bad_result_time" },
    {
      name: "of a nanosecond that is none",
      init: { ts: { seconds: BigInt(Math.round(Date.now() / 1_000)), nanos: -1 } },
      code: "bad_result_time",
    },
    {
      name: "of an hour ahead",
      init: { ts: { seconds: BigInt(Math.round(Date.now() / 1_000) + 3_600) } },
      code: "bad_result_time",
    },
    { name: "an absurd offset", init: { offset: absurd }, code: "bad_request" },
    {
      name: "an offset of two signs",
      init: { offset: { seconds: 1n, nanos: -1 } },
      code: "bad_request",
    },
    {
      name: "an offset of 71 years",
      init: { offset: { seconds: 71n * 365n * 86_400n } },
      code: "bad_request",
    },
    { name: "an absurd round trip", init: { rtt: absurd }, code: "bad_request" },
    { name: "a negative round trip", init: { rtt: { nanos: -1 } }, code: "bad_request" },
    { name: "a negative bound", init: { errorBound: { seconds: -1n } }, code: "bad_request" },
    { name: "an absurd bound", init: { errorBound: absurd }, code: "bad_request" },
    { name: "stratum -1", init: { stratum: -1 }, code: "bad_request" },
    { name: "stratum 2^31-1", init: { stratum: 2_147_483_647 }, code: "bad_request" },
    { name: "leap -2^31", init: { leap: -2_147_483_648 }, code: "bad_request" },
    { name: "port 0", init: { port: 0 }, code: "bad_address" },
    { name: "port 2^32-1", init: { port: 4_294_967_295 }, code: "bad_address" },
    { name: "no address", init: { ipBytes: new Uint8Array() }, code: "bad_address" },
    { name: "an address of 5 bytes", init: { ipBytes: new Uint8Array(5) }, code: "bad_address" },
    { name: "a reason that is none", init: { reason: "' or 1=1 --" }, code: "bad_request" },
    {
      name: "packets of absurd times",
      init: { responses: [{ t1: absurd, t4: absurd, data: new Uint8Array(48) }] },
      code: "bad_request",
    },
    {
      name: "a packet of a megabyte",
      init: { responses: [{ ...exchanges().answered, data: new Uint8Array(1_000_000) }] },
      code: "bad_request",
    },
    {
      name: "ten thousand packets",
      init: { responses: Array.from({ length: 10_000 }, () => ({ data: new Uint8Array(1) })) },
      code: "bad_request",
    },
    {
      name: "a traceroute of ten thousand hops",
      init: {
        ...noCheck,
        traceroute: { hops: Array.from({ length: 10_000 }, () => ({ hopLimit: 1 })) },
      },
      code: "bad_request",
      message: /10000 hops/,
    },
  ];
  test.each(cases)("$name: $code", async ({ init, code, message }) => {
    const { batchId, servers } = await takeBatch();
    const [one, two] = servers;
    if (one === undefined || two === undefined) throw new Error("no batch");
    const bad = goodStatus(one, init);
    const submit = (list: monitorV2.ServerStatus[], version: number) =>
      client.submitResults({
        version,
        monId: MON,
        batchId,
        ...(version < 5 ? {} : { submissionId: newSubmissionId() }),
        list,
      });
    const alone = await refusedWithoutTrace(world, () => submit([bad], 5));
    expect(alone.refused).toMatchObject([{ index: 0, code }]);
    if (message !== undefined) expect(alone.refused[0]?.message).toMatch(message);
    const beside = await submit([bad, goodStatus(two)], 5);
    expect(beside.refused).toMatchObject([{ index: 0, code }]);
  });

  test.each([
    ["NaN", "NaNs"],
    ["infinite", "Infinitys"],
    ["of 400 digits", `${"9".repeat(400)}s`],
    ["a bare number", 5],
    ["an object", {}],
  ])("a duration that is %s in JSON: bad_request", async (_name, offset) => {
    const { batchId, servers } = await takeBatch();
    const submission = {
      version: 5,
      monId: MON,
      batchId: Buffer.from(batchId).toString("base64"),
      submissionId: newSubmissionId(),
      list: servers.map(({ ticket, ipBytes }) => ({
        ticket: Buffer.from(ticket).toString("base64"),
        ipBytes: Buffer.from(ipBytes).toString("base64"),
        ts: new Date().toISOString(),
        offset,
      })),
    };
    const { token } = await server.createMonitor({ name: "zurich", address: ip(MON) });
    client = monitorClient(token);
    const answer = await refusedWithoutTrace(world, () =>
      fetch(`${server.url}/monitor.v2.MonitorService/SubmitResults`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
        body: JSON.stringify(submission),
      }),
    );
    expect([answer.status, answer.headers.get("truechimer-error-code")]).toEqual([
      400,
      "bad_request",
    ]);
  });

  test("agents below version 5 are told by an error of the right Connect code", async () => {
    const { batchId, servers } = await takeBatch();
    const list = servers.slice(0, 1).map((one) => goodStatus(one, { ts: { seconds: 0n } }));
    const refusal = await refusedWithoutTrace(world, () =>
      client.submitResults({ version: 4, monId: MON, batchId, list }).then(
        () => undefined,
        (error: unknown) => ConnectError.from(error),
      ),
    );
    expect(refusal?.code).toBe(Code.InvalidArgument);
    expect(refusal?.metadata.get("truechimer-error-code")).toBe("bad_result_time");
  });
});
