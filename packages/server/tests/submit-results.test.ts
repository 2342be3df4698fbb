// What a submission may do, and what none can.

import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import type { monitorV2 } from "@truechimer/api";
import { createUlid, systemClock, systemRandom } from "@truechimer/base";
import { useDatabase } from "@truechimer/testing-postgres";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { exchanges } from "./_exchanges.ts";
import { goodStatus, type MonitorClient, makeDue, newSubmissionId, refusalOf } from "./_results.ts";
import { ip, useServer } from "./_test-server.ts";

const database = await useDatabase({ poolSize: 20 });
const first = await useServer(database);
const second = await useServer(database);
const { kysely } = database;

const MON = "10.0.0.1";
const SERVERS = ["10.1.0.1", "10.1.0.2:1123", "10.1.0.3"];

let client: MonitorClient;
let otherReplica: MonitorClient;
let token: string;

beforeEach(async () => {
  await kysely.deleteFrom("submissions").execute();
  await kysely.deleteFrom("log_scores").execute();
  await kysely.deleteFrom("check_evidence").execute();
  await kysely.deleteFrom("result_commits").execute();
  await kysely.deleteFrom("server_scores").execute();
  await kysely.updateTable("monitors").set({ last_submit: null }).execute();
  ({ token } = await first.server.createMonitor({ name: "zurich", address: ip(MON) }));
  await first.admin.addServers({ targets: SERVERS });
  client = first.monitorClient(token);
  otherReplica = second.monitorClient(token);
});

function takeBatch(version = 5): Promise<monitorV2.GetServersResponse> {
  return client.getServers({ monId: MON, submissionVersionMax: version });
}

interface Counted {
  readonly rows: number;
  readonly scores: readonly number[];
}

async function counted(): Promise<Counted> {
  const rows = await kysely.selectFrom("log_scores").select("id").execute();
  const scores = await kysely
    .selectFrom("server_scores")
    .select("score_raw")
    .orderBy("id")
    .execute();
  return { rows: rows.length, scores: scores.map(({ score_raw }) => score_raw) };
}

describe("a submission counts once", () => {
  test("sent again it changes nothing, and gets the answer of the first time", async () => {
    const batch = await takeBatch();
    const [good, foreign] = batch.servers.map((server) => goodStatus(server));
    if (good === undefined || foreign === undefined) throw new Error("no batch");
    foreign.ticket = good.ticket;
    const submission = {
      version: 5,
      monId: MON,
      batchId: batch.batchId,
      submissionId: newSubmissionId(),
      list: [good, foreign],
    };
    const once = await client.submitResults(submission);
    expect(once).toMatchObject({
      ok: true,
      duplicate: false,
      refused: [{ index: 1, code: "bad_ticket" }],
    });
    const before = await counted();
    expect(before).toEqual({ rows: 1, scores: [1, 0, 0] });
    for (const each of [client, otherReplica, client]) {
      const again = await each.submitResults(submission);
      expect(again).toMatchObject({
        ok: true,
        duplicate: true,
        refused: [{ index: 1, code: "bad_ticket" }],
      });
    }
    expect(await counted()).toEqual(before);
  });

  test("sent to two replicas at once, many times, it counts once", async () => {
    const batch = await takeBatch();
    const submission = {
      version: 5,
      monId: MON,
      batchId: batch.batchId,
      submissionId: newSubmissionId(),
      list: batch.servers.map((server) => goodStatus(server)),
    };
    const answers = await Promise.all(
      Array.from({ length: 24 }, (_, index) =>
        (index % 2 === 0 ? client : otherReplica).submitResults(submission),
      ),
    );
    expect(answers.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
    expect(await counted()).toEqual({ rows: 3, scores: [1, 1, 1] });
  });

  test("under another id its tickets are spent all the same", async () => {
    const batch = await takeBatch();
    const list = batch.servers.map((server) => goodStatus(server));
    const send = (submissionId: string): Promise<monitorV2.SubmitResultsResponse> =>
      client.submitResults({ version: 5, monId: MON, batchId: batch.batchId, submissionId, list });
    await send(newSubmissionId());
    const replay = await send(newSubmissionId());
    expect(replay.refused.map(({ code }) => code)).toEqual(Array(3).fill("conflict"));
    expect((await counted()).rows).toBe(3);
  });

  test("late, after a newer batch, it still counts, and says nothing of how the server is now", async () => {
    const older = await takeBatch();
    await makeDue(kysely);
    const newer = await takeBatch();
    const send = (
      batch: monitorV2.GetServersResponse,
      nanos: number,
      ageMs: number,
    ): Promise<monitorV2.SubmitResultsResponse> =>
      client.submitResults({
        version: 5,
        monId: MON,
        batchId: batch.batchId,
        submissionId: newSubmissionId(),
        list: batch.servers.map((server) =>
          goodStatus(server, {
            offset: { seconds: 0n, nanos },
            ts: timestampFromMs(Date.now() - ageMs),
          }),
        ),
      });
    expect((await send(newer, 1_000, 0)).refused).toEqual([]);
    expect((await send(older, 9_000, 5_000)).refused).toEqual([]);
    expect((await counted()).rows).toBe(6);
    const rows = await kysely
      .selectFrom("server_scores")
      .select(["offset_ns", "score_raw"])
      .execute();
    expect(rows).toEqual(Array(3).fill({ offset_ns: 1_000n, score_raw: 1.95 }));
  });

  test("twice in one list is once", async () => {
    const batch = await takeBatch();
    const [server] = batch.servers;
    if (server === undefined) throw new Error("no batch");
    const answer = await client.submitResults({
      version: 5,
      monId: MON,
      batchId: batch.batchId,
      submissionId: newSubmissionId(),
      list: [goodStatus(server), goodStatus(server)],
    });
    expect(answer.refused).toMatchObject([{ index: 1, code: "conflict" }]);
    expect((await counted()).rows).toBe(1);
  });

  test("below version 5 the batch is the id, and an older batch is refused as a whole", async () => {
    const older = await takeBatch(4);
    await makeDue(kysely);
    const newer = await takeBatch(4);
    expect(newer.servers).toHaveLength(2);
    const send = (batch: monitorV2.GetServersResponse): Promise<monitorV2.SubmitResultsResponse> =>
      client.submitResults({
        version: 4,
        monId: MON,
        batchId: batch.batchId,
        list: batch.servers.map((server) => goodStatus(server)),
      });
    expect((await send(newer)).duplicate).toBe(false);
    expect((await send(newer)).duplicate).toBe(true);
    expect(await refusalOf(send(older))).toBe("batch_out_of_order");
    expect((await counted()).rows).toBe(2);
  });
});

describe("tickets are bound to monitor, batch, address, port and key", () => {
  test("one that is not valid is refused, its neighbours are kept", async () => {
    const batch = await takeBatch();
    const [one, two, three] = batch.servers.map((server) => goodStatus(server));
    if (one === undefined || two === undefined || three === undefined) throw new Error("no batch");
    two.ticket = two.ticket.slice(0, 20);
    const answer = await client.submitResults({
      version: 5,
      monId: MON,
      batchId: batch.batchId,
      submissionId: newSubmissionId(),
      list: [one, two, three],
    });
    expect(answer.refused).toMatchObject([{ index: 1, code: "bad_ticket" }]);
    expect((await counted()).rows).toBe(2);
  });

  type Forgery = (status: monitorV2.ServerStatus) => Partial<monitorV2.ServerStatus>;
  const otherVersion = (ticket: Uint8Array): Uint8Array =>
    Buffer.from(Buffer.from(ticket).toString().replace(/^\d+/, "99"));
  test.each<{ name: string; forge: Forgery }>([
    { name: "another port", forge: () => ({ port: 1124 }) },
    { name: "another address", forge: () => ({ ipBytes: Uint8Array.of(10, 1, 0, 9) }) },
    { name: "no ticket", forge: () => ({ ticket: new Uint8Array() }) },
    {
      name: "a version that does not exist",
      forge: ({ ticket }) => ({ ticket: otherVersion(ticket) }),
    },
    { name: "a giant one", forge: () => ({ ticket: new Uint8Array(100_000).fill(0x31) }) },
  ])("$name: the call is refused and nothing is written", async ({ forge }) => {
    const batch = await takeBatch();
    const list = batch.servers.map((server) => {
      const status = goodStatus(server);
      return Object.assign(status, forge(status));
    });
    const call = client.submitResults({
      version: 5,
      monId: MON,
      batchId: batch.batchId,
      submissionId: newSubmissionId(),
      list,
    });
    expect(await refusalOf(call)).toBe("bad_ticket");
    expect(await kysely.selectFrom("submissions").select("monitor_id").execute()).toEqual([]);
    expect((await counted()).rows).toBe(0);
    const { last_submit } = await kysely
      .selectFrom("monitors")
      .select("last_submit")
      .where("hostname", "=", "zurich")
      .executeTakeFirstOrThrow();
    expect(last_submit).toBeNull();
  });

  test("another monitor's, and another batch's", async () => {
    const other = await first.server.createMonitor({ name: "vienna", address: ip("10.0.0.2") });
    const batch = await takeBatch();
    const list = batch.servers.map((server) => goodStatus(server));
    const rest = { version: 5, submissionId: newSubmissionId(), list };
    const byOther = first
      .monitorClient(other.token)
      .submitResults({ ...rest, monId: "10.0.0.2", batchId: batch.batchId });
    expect(await refusalOf(byOther)).toBe("bad_ticket");
    const otherBatch = new TextEncoder().encode(createUlid(systemClock, systemRandom));
    const inOther = client.submitResults({ ...rest, monId: MON, batchId: otherBatch });
    expect(await refusalOf(inOther)).toBe("bad_ticket");
    await kysely
      .updateTable("monitors")
      .set({ status: "paused" })
      .where("hostname", "=", "vienna")
      .execute();
  });
});

describe("a submission that cannot be right is refused with its code", () => {
  const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
  const ulidAt = (ms: number): string =>
    createUlid({ ...systemClock, nowNs: () => BigInt(ms) * 1_000_000n }, systemRandom);
  test.each<{ name: string; change: () => Record<string, unknown>; code: string }>([
    {
      name: "version 2, which has no tickets",
      change: () => ({ version: 2 }),
      code: "unsupported_version",
    },
    { name: "version 6", change: () => ({ version: 6 }), code: "unsupported_version" },
    { name: "no batch", change: () => ({ batchId: new Uint8Array() }), code: "bad_request" },
    {
      name: "a batch that is no ULID",
      change: () => ({ batchId: encode("U".repeat(26)) }),
      code: "bad_request",
    },
    {
      name: "a batch from the future",
      change: () => ({ batchId: encode(ulidAt(Date.now() + 600_000)) }),
      code: "bad_request",
    },
    {
      name: "a batch of the day before yesterday",
      change: () => ({ batchId: encode(ulidAt(Date.now() - 180_000_000)) }),
      code: "ticket_expired",
    },
    { name: "no submission id", change: () => ({ submissionId: "" }), code: "bad_request" },
    {
      name: "a submission id that is no ULID",
      change: () => ({ submissionId: "'; drop table submissions; --" }),
      code: "bad_request",
    },
    {
      name: "10,000 statuses",
      change: () => ({ list: Array.from({ length: 10_000 }, () => ({})) }),
      code: "limit_exceeded",
    },
    { name: "another address", change: () => ({ monId: "10.9.9.9" }), code: "not_found" },
    {
      name: "no address at all in mon_id",
      change: () => ({ monId: "zurich" }),
      code: "bad_request",
    },
  ])("$name: $code", async ({ change, code }) => {
    const batch = await takeBatch();
    const call = client.submitResults({
      version: 5,
      monId: MON,
      batchId: batch.batchId,
      submissionId: newSubmissionId(),
      list: batch.servers.map((server) => goodStatus(server)),
      ...change(),
    });
    expect(await refusalOf(call)).toBe(code);
    expect((await counted()).rows).toBe(0);
  });

  test("the codes are Connect's own on the wire", async () => {
    const call = client.submitResults({ version: 2, monId: MON, batchId: new Uint8Array() });
    const error = await call.then(
      () => undefined,
      (thrown: unknown) => ConnectError.from(thrown),
    );
    expect(error?.code).toBe(Code.InvalidArgument);
  });

  test("an hour-wrong host clock is told apart from the rest of the batch", async () => {
    const batch = await takeBatch();
    const [one, two] = batch.servers;
    if (one === undefined || two === undefined) throw new Error("no batch");
    const answer = await client.submitResults({
      version: 5,
      monId: MON,
      batchId: batch.batchId,
      submissionId: newSubmissionId(),
      list: [
        goodStatus(one, { ts: { seconds: BigInt(Math.round(Date.now() / 1_000)) + 3_600n } }),
        goodStatus(two),
      ],
    });
    expect(answer.refused).toMatchObject([{ index: 0, code: "bad_result_time" }]);
    expect(answer.refused[0]?.message).toContain("set the agent's clock");
    expect((await counted()).rows).toBe(1);
  });

  test("a server that is not watched any more is refused alone", async () => {
    const batch = await takeBatch();
    const { servers } = await first.admin.listServers({});
    const gone = servers.find(({ address }) => address === "10.1.0.3");
    await first.admin.removeServers({ ids: [gone?.id ?? 0n] });
    const answer = await client.submitResults({
      version: 5,
      monId: MON,
      batchId: batch.batchId,
      submissionId: newSubmissionId(),
      list: batch.servers.map((server) => goodStatus(server)),
    });
    expect(answer.refused).toMatchObject([{ code: "unassigned_server" }]);
    expect((await counted()).rows).toBe(2);
    await first.admin.restoreServers({ ids: [gone?.id ?? 0n] });
  });
});

describe("a result counts as its evidence says", () => {
  const submitOne = async (
    init: Parameters<typeof goodStatus>[1],
  ): Promise<monitorV2.SubmitResultsResponse> => {
    const batch = await takeBatch();
    const [one, two] = batch.servers;
    if (one === undefined || two === undefined) throw new Error("no batch");
    return client.submitResults({
      version: 5,
      monId: MON,
      batchId: batch.batchId,
      submissionId: newSubmissionId(),
      list: [goodStatus(one, init), goodStatus(two)],
    });
  };

  test("offset, bound and round trip are the evidence's own", async () => {
    const { answered } = exchanges();
    const answer = await submitOne({
      responses: [answered],
      selectedResponse: answered,
      offset: { nanos: 1_005_000 },
      errorBound: { nanos: 1 },
      rtt: { nanos: 1 },
    });
    expect(answer.refused).toEqual([]);
    const row = await kysely
      .selectFrom("log_scores")
      .select(["offset_ns", "bound_ns", "rtt_ns"])
      .where("has_evidence", "=", true)
      .executeTakeFirstOrThrow();
    expect(Number(row.offset_ns)).toBeCloseTo(1_000_000, -1);
    expect(Number(row.rtt_ns)).toBeCloseTo(500_000, -1);
    expect(row.bound_ns).toBeGreaterThan(250_000n);
  });

  test.each<{ name: string; init: Parameters<typeof goodStatus>[1] }>([
    { name: "an offset that its packets do not give", init: { offset: { nanos: 30_000 } } },
    { name: "silence, with an answer", init: { reason: "timeout", noResponse: true } },
    { name: "a kiss that was not sent", init: { reason: "kiss_deny" } },
    { name: "success, without an answer", init: { selectedResponse: exchanges().silent } },
  ])("$name: refused, its neighbour is kept", async ({ init }) => {
    const { silent, answered } = exchanges();
    const answer = await submitOne({
      responses: [silent, answered],
      selectedResponse: answered,
      ...init,
    });
    expect(answer.refused).toMatchObject([{ index: 0, code: "bad_request" }]);
    expect(answer.refused[0]?.message).toContain("the evidence");
    expect((await counted()).rows).toBe(1);
  });
});

test("an assignment that somebody writes between its reading and its writing gets its result all the same", async () => {
  const batch = await takeBatch();
  const [server] = batch.servers;
  if (server === undefined) throw new Error("nothing was handed out");
  const other = await database.pool.connect();
  try {
    await other.query("begin");
    await other.query("update server_scores set status = 'active'");
    const answer = client.submitResults({
      version: 5,
      batchId: batch.batchId,
      monId: MON,
      submissionId: newSubmissionId(),
      list: [goodStatus(server)],
    });
    await vi.waitFor(
      async () => {
        const { rowCount } = await database.pool.query(
          "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%write_results%'",
        );
        expect(rowCount).toBe(1);
      },
      { timeout: 20_000 },
    );
    await other.query("commit");
    expect(await answer).toMatchObject({ ok: true, refused: [] });
  } finally {
    other.release();
  }
  const { rows } = await database.pool.query(
    "select ss.status, ss.results_counted::int as counted, ss.score_raw, l.score from log_scores l join server_scores ss on ss.last_log_score_id = l.id",
  );
  expect(rows).toEqual([{ status: "active", counted: 1, score_raw: 1, score: 1 }]);
});

describe("what is written", () => {
  test("steps, reasons, evidence, and one place in the scorer's queue a result", async () => {
    const batch = await takeBatch();
    const [one, two, three] = batch.servers;
    if (one === undefined || two === undefined || three === undefined) throw new Error("no batch");
    const { silent, answered } = exchanges();
    await client.submitResults({
      version: 5,
      monId: MON,
      batchId: batch.batchId,
      submissionId: newSubmissionId(),
      list: [
        goodStatus(one, {
          responses: [silent, answered],
          selectedResponse: answered,
        }),
        goodStatus(two, {
          noResponse: true,
          reason: "timeout",
          error: "network: i/o timeout",
          stratum: 0,
        }),
        goodStatus(three, { reason: "clock_stepped" }),
      ],
    });
    const rows = await kysely
      .selectFrom("log_scores")
      .select([
        "step",
        "score",
        "score_before",
        "rule",
        "reason",
        "rtt_ns",
        "stratum",
        "leap",
        "samples_sent",
        "samples_answered",
        "has_evidence",
      ])
      .orderBy("step", "desc")
      .execute();
    expect(rows).toEqual([
      {
        step: 1,
        score: 1,
        score_before: 0,
        rule: "ntp_pool_recentmedian/1/offset_good",
        reason: null,
        rtt_ns: 500_000n,
        stratum: 2,
        leap: 0,
        samples_sent: 2,
        samples_answered: 1,
        has_evidence: true,
      },
      {
        step: -5,
        score: -5,
        score_before: 0,
        rule: "ntp_pool_recentmedian/1/no_response",
        reason: "timeout",
        rtt_ns: null,
        stratum: null,
        leap: null,
        samples_sent: 0,
        samples_answered: 0,
        has_evidence: false,
      },
    ]);
    const noted = await kysely.selectFrom("result_commits").select("results").execute();
    expect(noted).toEqual([{ results: 2 }]);
    const evidence = await kysely.selectFrom("check_evidence").select("evidence").execute();
    expect(evidence).toHaveLength(1);
    const assignment = await kysely
      .selectFrom("server_scores")
      .select(["answer_offset_ns", "answer_bound_ns", "reason"])
      .orderBy("id")
      .execute();
    expect(assignment[0]).toEqual({
      answer_offset_ns: expect.any(BigInt) as bigint,
      answer_bound_ns: expect.any(BigInt) as bigint,
      reason: null,
    });
    expect(assignment[1]).toEqual({
      answer_offset_ns: null,
      answer_bound_ns: null,
      reason: "timeout",
    });
  });

  test("the decay: 20 good checks on the way to 20", async () => {
    let expected = 0;
    for (let check = 0; check < 20; check += 1) {
      await makeDue(kysely);
      const batch = await takeBatch();
      await client.submitResults({
        version: 5,
        monId: MON,
        batchId: batch.batchId,
        submissionId: newSubmissionId(),
        list: batch.servers.map((server) => goodStatus(server)),
      });
      expected = expected * 0.95 + 1;
    }
    const { scores, rows } = await counted();
    expect(rows).toBe(60);
    for (const score of scores) expect(score).toBeCloseTo(expected, 9);
  });

  test("an assignment that rested for two years counts on", async () => {
    const batch = await takeBatch();
    await database.pool.query(
      `update server_scores set score_ts = now() - interval '2 years', quality_weight = 3, quality_answers = 1e-300,
         quality_step = 0.5, quality_delay_ms = 20, quality_residual_ms = 7`,
    );
    const answer = await client.submitResults({
      version: 5,
      monId: MON,
      batchId: batch.batchId,
      submissionId: newSubmissionId(),
      list: batch.servers.map((server) => goodStatus(server)),
    });
    expect(answer.refused).toEqual([]);
    const { rows } = await database.pool.query<{ weight: number; answers: number; step: number }>(
      `select quality_weight as weight, quality_answers as answers, quality_step as step
       from server_scores where last_log_score_id is not null`,
    );
    expect(rows).toEqual(Array(3).fill({ weight: 1, answers: 1, step: 1 }));
  });

  test("a session that is ended in the middle leaves nothing, and the same submission then counts", async () => {
    const batch = await takeBatch();
    const submission = {
      version: 5,
      monId: MON,
      batchId: batch.batchId,
      submissionId: newSubmissionId(),
      list: batch.servers.map((server) => goodStatus(server)),
    };
    const blocker = await database.pool.connect();
    try {
      await blocker.query("begin");
      await blocker.query("select 1 from server_scores for update");
      const call = refusalOf(client.submitResults(submission));
      await expect
        .poll(async () => {
          const ended = await database.pool.query<{ ended: boolean }>(
            `select pg_terminate_backend(pid) as ended from pg_stat_activity
             where datname = current_database() and wait_event_type = 'Lock' and query like '%prepared: write_results%'`,
          );
          return ended.rowCount;
        })
        .toBe(1);
      expect(await call).toBe("database_unreachable");
    } finally {
      await blocker.query("rollback");
      blocker.release();
    }
    expect((await counted()).rows).toBe(0);
    expect((await client.submitResults(submission)).duplicate).toBe(false);
    expect((await counted()).rows).toBe(3);
  });
});

test("sixteen callers on twenty servers do not end each other by deadlocks", async () => {
  const targets = Array.from({ length: 20 }, (_, index) => `10.2.0.${index + 1}`);
  await first.admin.addServers({ targets });
  const monitors = await Promise.all(
    Array.from({ length: 16 }, async (_, index) => {
      const monId = `10.3.0.${index + 1}`;
      const created = await first.server.createMonitor({ name: `m${index}`, address: ip(monId) });
      return { monId, client: (index % 2 === 0 ? first : second).monitorClient(created.token) };
    }),
  );
  const before = (await counted()).rows;
  let sent = 0;
  for (let round = 0; round < 3; round += 1) {
    await makeDue(kysely);
    await Promise.all(
      monitors.map(async ({ monId, client: own }) => {
        const batch = await own.getServers({ monId, submissionVersionMax: 5 });
        // In an order of its own, so that locks taken as they come would cross.
        const list = batch.servers
          .map((server) => goodStatus(server))
          .toSorted(() => Math.random() - 0.5);
        const answer = await own.submitResults({
          version: 5,
          monId,
          batchId: batch.batchId,
          submissionId: newSubmissionId(),
          list,
        });
        expect(answer.refused).toEqual([]);
        sent += list.length;
      }),
    );
  }
  expect(sent).toBe(16 * 23 * 3);
  expect((await counted()).rows - before).toBe(sent);
});
