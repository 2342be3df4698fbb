// Traceroutes that come with results: each is stored once, none is scored, and what makes no sense is refused alone.

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { monitorV2 } from "@truechimer/api";
import { useDatabase } from "@truechimer/testing-postgres";
import { beforeEach, describe, expect, test } from "vitest";
import { goodStatus, type MonitorClient, newSubmissionId, refusalOf } from "./_results.ts";
import { ip, useServer } from "./_test-server.ts";

const database = await useDatabase({ poolSize: 20 });
const first = await useServer(database);
const second = await useServer(database);
const { kysely } = database;

const MON = "10.0.0.1";
const SERVERS = ["10.1.0.1", "10.1.0.2:1123", "10.1.0.3"];

type TracerouteInit = Exclude<
  MessageInitShape<typeof monitorV2.TracerouteSchema>,
  monitorV2.Traceroute
>;
type StatusInit = Parameters<typeof goodStatus>[1];

let client: MonitorClient;
let otherReplica: MonitorClient;

beforeEach(async () => {
  await kysely.deleteFrom("traceroutes").execute();
  await kysely.deleteFrom("submissions").execute();
  await kysely.deleteFrom("log_scores").execute();
  await kysely.deleteFrom("result_commits").execute();
  await kysely.deleteFrom("server_scores").execute();
  const { token } = await first.server.createMonitor({ name: "zurich", address: ip(MON) });
  await first.admin.addServers({ targets: SERVERS });
  client = first.monitorClient(token);
  otherReplica = second.monitorClient(token);
});

function takeBatch(): Promise<monitorV2.GetServersResponse> {
  return client.getServers({ monId: MON, submissionVersionMax: 5 });
}

const STARTED_MS = Date.now();

function path(init: TracerouteInit = {}): monitorV2.Traceroute {
  return create(monitorV2.TracerouteSchema, {
    startedAt: timestampFromMs(STARTED_MS),
    reached: true,
    hops: [
      {
        hopLimit: 1,
        answers: [{ ipBytes: Uint8Array.of(10, 9, 9, 1), rtt: { nanos: 250_000 }, icmpType: 11 }],
      },
      { hopLimit: 2, answers: [{}, { ipBytes: Uint8Array.of(10, 1, 0, 1), rtt: { nanos: 900 } }] },
    ],
    ...init,
  });
}

function traced(
  server: monitorV2.Server | undefined,
  init: StatusInit = {},
): monitorV2.ServerStatus {
  if (server === undefined) throw new Error("no batch");
  const { ticket, ipBytes, port } = server;
  return create(monitorV2.ServerStatusSchema, {
    ticket,
    ipBytes,
    ...(port === undefined ? {} : { port }),
    ts: timestampFromMs(STARTED_MS + 1_000),
    traceroute: path(),
    ...init,
  });
}

function submission(
  { batchId }: monitorV2.GetServersResponse,
  list: readonly monitorV2.ServerStatus[],
): MessageInitShape<typeof monitorV2.SubmitResultsRequestSchema> {
  const submissionId = newSubmissionId();
  return { version: 5, monId: MON, batchId, submissionId, list: [...list] };
}

function stored() {
  return kysely.selectFrom("traceroutes").selectAll().orderBy("id").execute();
}

async function scored(): Promise<number> {
  const rows = await kysely.selectFrom("log_scores").select("id").execute();
  const noted = await kysely.selectFrom("result_commits").select("results").execute();
  return rows.length + noted.length;
}

describe("a traceroute", () => {
  test("is stored whole, and neither scored nor taken for a check", async () => {
    const batch = await takeBatch();
    const before = await kysely.selectFrom("server_scores").selectAll().orderBy("id").execute();
    const answer = await client.submitResults(
      submission(
        batch,
        batch.servers.map((s) => traced(s)),
      ),
    );
    expect(answer).toMatchObject({ ok: true, duplicate: false, refused: [] });
    const rows = await stored();
    expect(rows.map(({ port }) => port).toSorted((a, b) => a - b)).toEqual([123, 123, 1_123]);
    expect(rows[0]).toMatchObject({ request_id: null, reached: true, reason: null });
    expect(rows[0]?.server_id).not.toBeNull();
    expect(rows[0]?.hops).toEqual([
      { hop_limit: 1, answers: [{ ip: "10.9.9.1", rtt_ns: 250_000, icmp_type: 11 }] },
      { hop_limit: 2, answers: [{ ip: "" }, { ip: "10.1.0.1", rtt_ns: 900 }] },
    ]);
    expect(await scored()).toBe(0);
    const after = await kysely.selectFrom("server_scores").selectAll().orderBy("id").execute();
    expect(after).toEqual(before);
  });

  test("goes with the check of the same server, under one ticket", async () => {
    const batch = await takeBatch();
    const [server] = batch.servers;
    if (server === undefined) throw new Error("no batch");
    const answer = await client.submitResults(
      submission(batch, [traced(server), goodStatus(server), traced(server)]),
    );
    expect(answer.refused).toMatchObject([{ index: 2, code: "conflict" }]);
    expect(await stored()).toHaveLength(1);
    expect(await scored()).toBe(2);
  });

  test("that could not be made is stored with its reason", async () => {
    const batch = await takeBatch();
    const traceroute = path({ hops: [], reached: false, reason: "traceroute_unsupported" });
    await client.submitResults(submission(batch, [traced(batch.servers[0], { traceroute })]));
    expect(await stored()).toMatchObject([{ reached: false, reason: "traceroute_unsupported" }]);
  });
});

describe("a traceroute is stored once", () => {
  test("however often, and to whichever replica, its submission is sent", async () => {
    const batch = await takeBatch();
    const same = submission(batch, [
      ...batch.servers.map((s) => traced(s)),
      traced(batch.servers[0], { ticket: new Uint8Array() }),
    ]);
    const answers = await Promise.all(
      Array.from({ length: 16 }, (_, index) =>
        (index % 2 === 0 ? client : otherReplica).submitResults(same),
      ),
    );
    expect(answers.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
    for (const { refused } of answers) {
      expect(refused).toMatchObject([{ index: 3, code: "bad_ticket" }]);
    }
    expect(await stored()).toHaveLength(3);
  });

  test("also when it comes under other ids at the same time", async () => {
    const batch = await takeBatch();
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        (index % 2 === 0 ? client : otherReplica).submitResults(
          submission(batch, [traced(batch.servers[0])]),
        ),
      ),
    );
    const codes = answers.flatMap(({ refused }) => refused.map(({ code }) => code));
    expect(codes).toEqual(Array(11).fill("conflict"));
    expect(await stored()).toHaveLength(1);
  });
});

describe("a traceroute that cannot be right is refused with its code, its neighbours are kept", () => {
  const router = Uint8Array.of(10, 9, 9, 1);
  const hops = (count: number, answers = 1): NonNullable<TracerouteInit["hops"]> =>
    Array.from({ length: count }, (_, index) => ({
      hopLimit: index + 1,
      answers: Array.from({ length: answers }, () => ({ ipBytes: router })),
    }));
  const oneAnswer = (answer: MessageInitShape<typeof monitorV2.HopAnswerSchema>): StatusInit => ({
    traceroute: path({ hops: [{ hopLimit: 1, answers: [answer] }] }),
  });
  test.each<[name: string, code: string, init: StatusInit]>([
    ["65 hops", "bad_request", { traceroute: path({ hops: hops(65) }) }],
    ["11 answers of a hop", "bad_request", { traceroute: path({ hops: hops(1, 11) }) }],
    ["hop limit 0", "bad_request", { traceroute: path({ hops: [{ hopLimit: 0 }] }) }],
    ["hop limit 256", "bad_request", { traceroute: path({ hops: [{ hopLimit: 256 }] }) }],
    ["an answer from 5 bytes", "bad_request", oneAnswer({ ipBytes: new Uint8Array(5) })],
    ["a negative round trip", "bad_request", oneAnswer({ ipBytes: router, rtt: { nanos: -1 } })],
    ["2 min of round trip", "bad_request", oneAnswer({ ipBytes: router, rtt: { seconds: 120n } })],
    ["ICMP type 256", "bad_request", oneAnswer({ ipBytes: router, icmpType: 256 })],
    ["an unknown reason", "bad_request", { traceroute: path({ reason: "'; drop table" }) }],
    ["no start", "bad_request", { traceroute: create(monitorV2.TracerouteSchema, {}) }],
    [
      "a start before its batch",
      "bad_request",
      { traceroute: path({ startedAt: timestampFromMs(STARTED_MS - 3_600_000) }) },
    ],
    ["an end in the future", "bad_result_time", { ts: timestampFromMs(STARTED_MS + 3_600_000) }],
    ["a target of 3 bytes", "bad_address", { ipBytes: new Uint8Array(3) }],
    ["port 0", "bad_address", { port: 0 }],
    ["a check in it, too", "bad_request", { offset: { nanos: 1 } }],
    ["another's ticket", "bad_ticket", { ticket: new Uint8Array(40).fill(0x31) }],
  ])("%s: %s", async (_, code, init) => {
    const batch = await takeBatch();
    const [one, two] = batch.servers;
    const answer = await client.submitResults(submission(batch, [traced(one, init), traced(two)]));
    expect(answer.refused).toMatchObject([{ index: 0, code }]);
    expect(await stored()).toHaveLength(1);
    expect(await scored()).toBe(0);
  });

  test("beyond twenty in a submission the others are kept", async () => {
    const batch = await takeBatch();
    const list = Array.from({ length: 21 }, () => traced(batch.servers[0]));
    const { refused } = await client.submitResults(submission(batch, list));
    expect(refused.map(({ code }) => code)).toEqual([
      ...Array(19).fill("conflict"),
      "limit_exceeded",
    ]);
    expect(await stored()).toHaveLength(1);
  });

  test("below version 5 it is refused, not scored as a check", async () => {
    const batch = await client.getServers({ monId: MON, submissionVersionMax: 4 });
    const call = client.submitResults({
      version: 4,
      monId: MON,
      batchId: batch.batchId,
      list: batch.servers.map((server) => traced(server)),
    });
    expect(await refusalOf(call)).toBe("bad_request");
    expect(await stored()).toEqual([]);
    expect(await scored()).toBe(0);
  });

  test("of a server that is not watched any more it is refused", async () => {
    const batch = await takeBatch();
    const { servers } = await first.admin.listServers({});
    const gone = servers.find(({ address }) => address === "10.1.0.3");
    await first.admin.removeServers({ ids: [gone?.id ?? 0n] });
    const late = timestampFromMs(Date.now() + 1_000);
    const answer = await client.submitResults(
      submission(
        batch,
        batch.servers.map((server) =>
          traced(server, { ts: late, traceroute: path({ startedAt: late }) }),
        ),
      ),
    );
    expect(answer.refused).toMatchObject([{ code: "unassigned_server" }]);
    expect(await stored()).toHaveLength(2);
    await first.admin.restoreServers({ ids: [gone?.id ?? 0n] });
  });
});
