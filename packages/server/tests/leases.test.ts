// Leases: results under a ticket count for a day whatever becomes of the assignment, each once, and what must not be
// checked any more is told.

import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { monitorV2 } from "@truechimer/api";
import { ipAddressFromBytes } from "@truechimer/base";
import type { MonitorStatusName } from "@truechimer/database";
import { useDatabase } from "@truechimer/testing-postgres";
import { sql } from "kysely";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { cleanUp } from "../src/loops/clean-up.ts";
import { createTicket } from "../src/monitor-api/ticket.ts";
import { LOCAL_POLICY } from "../src/policy.ts";
import { goodStatus, type MonitorClient, makeDue, newSubmissionId, refusalOf } from "./_results.ts";
import { ip, useServer } from "./_test-server.ts";

const database = await useDatabase({ poolSize: 20 });
const first = await useServer(database);
const second = await useServer(database);
const { kysely } = database;
// As shipped; a database of tests waits for no disk. Holds for the connections that the servers open.
await sql`do $$ begin execute format('alter database %I set synchronous_commit = on', current_database()); end $$`.execute(
  kysely,
);

const MON = "10.0.0.1";
const SERVERS = ["10.1.0.1", "10.1.0.2:1123", "10.1.0.3"];
const HOUR_MS = 3_600_000;

let client: MonitorClient;
let otherReplica: MonitorClient;

beforeEach(async () => {
  await sql`truncate servers, monitors, server_scores, events, log_scores, submissions, lease_withdrawals, result_commits
    restart identity cascade`.execute(kysely);
  const { token } = await first.server.createMonitor({ name: "zurich", address: ip(MON) });
  await first.admin.addServers({ targets: SERVERS });
  client = first.monitorClient(token);
  otherReplica = second.monitorClient(token);
});

function take(
  init: { readonly withdrawalsAfter?: bigint | undefined; readonly version?: number } = {},
): Promise<monitorV2.GetServersResponse> {
  const { withdrawalsAfter, version = 5 } = init;
  return client.getServers({
    monId: MON,
    submissionVersionMax: version,
    ...(withdrawalsAfter === undefined ? {} : { withdrawalsAfter }),
  });
}

interface Sent {
  readonly batch: monitorV2.GetServersResponse;
  readonly atMs: number;
  readonly servers?: readonly monitorV2.Server[];
  readonly to?: MonitorClient;
  readonly submissionId?: string;
}

function send({
  batch,
  atMs,
  servers = batch.servers,
  to = client,
  submissionId = newSubmissionId(),
}: Sent): Promise<monitorV2.SubmitResultsResponse> {
  return to.submitResults({
    version: 5,
    monId: MON,
    batchId: batch.batchId,
    submissionId,
    list: servers.map((server) => goodStatus(server, { ts: timestampFromMs(atMs) })),
  });
}

async function counted(): Promise<number> {
  return (await kysely.selectFrom("log_scores").select("id").execute()).length;
}

function names(withdrawals: readonly monitorV2.LeaseWithdrawal[]): readonly string[] {
  return withdrawals
    .map(({ ipBytes, port }) => {
      const address = ipAddressFromBytes(ipBytes);
      return `${address.ok ? address.value.text : "?"}${port === undefined ? "" : `:${port}`}`;
    })
    .toSorted();
}

async function idOf(address: string): Promise<bigint> {
  const row = await sql<{ id: bigint }>`select id from servers where host(ip) = ${address}`.execute(
    kysely,
  );
  return row.rows[0]?.id ?? 0n;
}

/** A batch of all servers as it would have been handed out so long ago. */
async function batchOf(agoMs: number): Promise<monitorV2.GetServersResponse> {
  const batch = await take();
  const key = await kysely.selectFrom("ticket_keys").selectAll().executeTakeFirstOrThrow();
  const monitor = await kysely
    .selectFrom("monitors")
    .select("id")
    .where("type", "=", "monitor")
    .executeTakeFirstOrThrow();
  const batchId = ulidAt(Date.now() - agoMs);
  for (const server of batch.servers) {
    const fields = { monitorId: monitor.id, batchId, addressBytes: server.ipBytes };
    server.ticket = createTicket({ ...fields, port: server.port ?? 123 }, key);
  }
  batch.batchId = new TextEncoder().encode(batchId);
  return batch;
}

const CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

function ulidAt(ms: number): string {
  let text = "";
  for (let rest = Math.floor(ms), place = 0; place < 10; place += 1) {
    text = (CROCKFORD[rest % 32] ?? "") + text;
    rest = Math.floor(rest / 32);
  }
  return text + newSubmissionId().slice(10);
}

describe("handed-out work", () => {
  test("carries a lease of a day and the interval of each server", async () => {
    await sql`update server_scores set score_raw = -95 where server_id = ${await idOf("10.1.0.3")}`.execute(
      kysely,
    );
    const batch = await take();
    expect(batch.lease?.seconds).toBe(24n * 3_600n);
    const { checkIntervalMs, slowIntervalMs } = LOCAL_POLICY.probe;
    const intervals = batch.servers.map((server) => Number(server.checkInterval?.seconds) * 1_000);
    expect(intervals).toEqual([checkIntervalMs, checkIntervalMs, slowIntervalMs]);
    expect(batch.withdrawals).toEqual([]);
  });

  test("is for once below version 5", async () => {
    const batch = await take({ version: 4 });
    expect([batch.lease, batch.withdrawalsCursor]).toEqual([undefined, undefined]);
    expect(batch.servers.map(({ checkInterval }) => checkInterval)).toEqual([undefined, undefined]);
  });
});

describe("results under one lease", () => {
  test("count once each, in parts and again and again, at two replicas at once", async () => {
    const batch = await take();
    const nowMs = Date.now();
    const submissions = Array.from({ length: 10 }, (_, check) =>
      batch.servers.map((server) => ({
        batch,
        servers: [server],
        atMs: nowMs + check * 1_000,
        submissionId: newSubmissionId(),
      })),
    ).flat();
    const answers = await Promise.all(
      submissions.flatMap((each) => [
        send(each),
        send({ ...each, to: otherReplica }),
        // The same results under another id.
        send({ ...each, to: otherReplica, submissionId: newSubmissionId() }),
      ]),
    );
    expect(await counted()).toBe(30);
    expect(answers.filter(({ duplicate }) => duplicate)).toHaveLength(30);
    const refused = answers.flatMap((answer) => (answer.duplicate ? [] : answer.refused));
    expect(refused.map(({ code }) => code)).toEqual(Array(30).fill("conflict"));
    const noted = await kysely.selectFrom("result_commits").select("results").execute();
    expect(noted.reduce((sum, { results }) => sum + results, 0)).toBe(30);
  });

  test("put off when the server is due, so that it is not handed out right after", async () => {
    const batch = await take();
    await send({ batch, atMs: Date.now() });
    await sql`update check_turns set queue_ts = now() - interval '1 hour'`.execute(kysely);
    await send({ batch, atMs: Date.now() + 1_000 });
    expect((await take()).servers).toEqual([]);
  });

  test("wait for the disk, as what is handed out does not, on the same connections", async () => {
    await sql`create table commits_seen (place serial, synchronous_commit text)`.execute(kysely);
    await sql`
      create function note_commit() returns trigger language plpgsql as $$
      begin
        insert into commits_seen (synchronous_commit) values (current_setting('synchronous_commit'));
        return null;
      end
      $$`.execute(kysely);
    await sql`create trigger note_commit after update on check_turns execute function note_commit()`.execute(
      kysely,
    );
    onTestFinished(async () => {
      await sql`drop function note_commit cascade`.execute(kysely);
      await sql`drop table commits_seen`.execute(kysely);
    });
    const batch = await take();
    await send({ batch, atMs: Date.now() });
    await sql`update check_turns set queue_ts = now() - interval '1 hour'`.execute(kysely);
    await sql`truncate commits_seen`.execute(kysely);
    await take();
    await send({ batch, atMs: Date.now() + 1_000 });
    const { rows } = await sql<{ readonly synchronous_commit: string }>`
      select synchronous_commit from commits_seen order by place`.execute(kysely);
    expect(rows.map(({ synchronous_commit }) => synchronous_commit)).toEqual(["off", "on"]);
  });

  test("of its first visit leave the beat of the interval alone", async () => {
    const batch = await take();
    const before = await kysely.selectFrom("check_turns").select("queue_ts").execute();
    await send({ batch, atMs: Date.now() + 2_000 });
    expect(await kysely.selectFrom("check_turns").select("queue_ts").execute()).toEqual(before);
  });

  test("count to its last hour, and a day after it, and no longer", async () => {
    const day = 24 * HOUR_MS;
    const ended = await batchOf(day + HOUR_MS);
    const handedOutMs = Date.now() - day - HOUR_MS;
    expect((await send({ batch: ended, atMs: handedOutMs + day })).refused).toEqual([]);
    const beyond = await send({ batch: ended, atMs: handedOutMs + day + 200_000 });
    expect(beyond.refused.map(({ code }) => code)).toEqual(Array(3).fill("bad_result_time"));
    await makeDue(kysely);
    const old = await batchOf(2 * day + HOUR_MS);
    expect(await refusalOf(send({ batch: old, atMs: Date.now() }))).toBe("ticket_expired");
  });
});

describe("a result under a valid ticket counts", () => {
  test("when its assignment is gone or paused, and its server paused", async () => {
    const batch = await take();
    await sql`delete from server_scores where server_id = ${await idOf("10.1.0.1")}`.execute(
      kysely,
    );
    await sql`update server_scores set status = 'paused' where server_id = ${await idOf("10.1.0.2")}`.execute(
      kysely,
    );
    await first.admin.pauseServers({ ids: [await idOf("10.1.0.3")] });
    const answers = await Promise.all([
      send({ batch, atMs: Date.now() }),
      send({ batch, atMs: Date.now() + 1_000, to: otherReplica }),
    ]);
    expect(answers.flatMap(({ refused }) => refused)).toEqual([]);
    expect(await counted()).toBe(6);
  });

  test.each<MonitorStatusName>(["pending", "paused"])(
    "when its monitor is %s; it gets no work then",
    async (status) => {
      const batch = await take();
      await kysely.updateTable("monitors").set({ status }).where("ip", "=", MON).execute();
      expect((await send({ batch, atMs: Date.now() })).refused).toEqual([]);
      expect(await refusalOf(take())).toBe("monitor_not_live");
      expect(await counted()).toBe(3);
    },
  );

  test("when it was measured before its server was removed, and not after", async () => {
    const batch = await take();
    const beforeMs = Date.now() - 500;
    await first.admin.removeServers({ ids: [await idOf("10.1.0.3")] });
    expect((await send({ batch, atMs: beforeMs })).refused).toEqual([]);
    const after = await send({ batch, atMs: Date.now() + 1_000 });
    expect(after.refused).toMatchObject([{ code: "unassigned_server" }]);
  });
});

describe("withdrawn leases", () => {
  test("are told until the cursor has passed them: server paused or removed, assignment taken away", async () => {
    const { withdrawalsCursor } = await take();
    await first.admin.pauseServers({ ids: [await idOf("10.1.0.1")] });
    await first.admin.removeServers({ ids: [await idOf("10.1.0.2")] });
    await sql`update server_scores set status = 'candidate' where server_id = ${await idOf("10.1.0.3")}`.execute(
      kysely,
    );
    const told = await take({ withdrawalsAfter: withdrawalsCursor });
    expect(names(told.withdrawals)).toEqual(["10.1.0.1", "10.1.0.2:1123", "10.1.0.3"]);
    // Until the transactions that were open meanwhile have ended, some may be told a second time, and no others.
    let newest = told;
    await vi.waitFor(async () => {
      newest = await take({ withdrawalsAfter: newest.withdrawalsCursor });
      expect(names(told.withdrawals)).toEqual(
        expect.arrayContaining([...names(newest.withdrawals)]),
      );
      expect(newest.withdrawals).toEqual([]);
    }, 20_000);
  });

  test("of an assignment that was deleted are told", async () => {
    const { withdrawalsCursor } = await take();
    await kysely.deleteFrom("server_scores").execute();
    const told = await take({ withdrawalsAfter: withdrawalsCursor });
    expect(told.withdrawals).toHaveLength(3);
  });

  test("that were given back are not told", async () => {
    const { withdrawalsCursor } = await take();
    const ids = [await idOf("10.1.0.1")];
    await first.admin.pauseServers({ ids });
    await first.admin.resumeServers({ ids });
    expect((await take({ withdrawalsAfter: withdrawalsCursor })).withdrawals).toEqual([]);
  });

  test("are told although a transaction that began earlier commits later", async () => {
    let { withdrawalsCursor } = await take();
    const late = await database.pool.connect();
    try {
      await late.query("begin");
      await late.query("update servers set state = 'paused' where host(ip) = '10.1.0.1'");
      await first.admin.pauseServers({ ids: [await idOf("10.1.0.2")] });
      const before = await take({ withdrawalsAfter: withdrawalsCursor });
      expect(names(before.withdrawals)).toEqual(["10.1.0.2:1123"]);
      await late.query("commit");
      ({ withdrawalsCursor } = before);
    } finally {
      late.release();
    }
    const after = await take({ withdrawalsAfter: withdrawalsCursor });
    expect(names(after.withdrawals)).toContain("10.1.0.1");
  });

  test("are told also of a server that is being handed out while it is paused", async () => {
    const { withdrawalsCursor } = await take();
    await sql`update check_turns set queue_ts = '-infinity'`.execute(kysely);
    const handingOut = await database.pool.connect();
    try {
      await handingOut.query("begin");
      await handingOut.query("update check_turns set queue_ts = now()");
      const paused = first.admin.pauseServers({ ids: [await idOf("10.1.0.1")] });
      await vi.waitFor(
        async () => {
          const { rows } = await database.pool.query(
            "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
          );
          expect(rows).toHaveLength(1);
        },
        { timeout: 20_000 },
      );
      await handingOut.query("commit");
      await paused;
    } finally {
      handingOut.release();
    }
    const told = await take({ withdrawalsAfter: withdrawalsCursor });
    expect(names(told.withdrawals)).toEqual(["10.1.0.1"]);
  });

  test("are all told to a monitor whose cursor is of another database", async () => {
    await take();
    await first.admin.pauseServers({ ids: [await idOf("10.1.0.1")] });
    const told = await take({ withdrawalsAfter: 2n ** 63n });
    expect(names(told.withdrawals)).toEqual(["10.1.0.1"]);
  });

  test("are kept only of what was handed out, and as long as a lease can last", async () => {
    await first.admin.pauseServers({ ids: [await idOf("10.1.0.1")] });
    const rows = (): Promise<unknown[]> =>
      kysely.selectFrom("lease_withdrawals").selectAll().execute();
    expect(await rows()).toEqual([]);
    await take();
    await first.admin.pauseServers({ ids: [await idOf("10.1.0.2")] });
    expect(await rows()).toHaveLength(1);
    await sql`update lease_withdrawals set withdrawn_at = now() - interval '3 days'`.execute(
      kysely,
    );
    await cleanUp({ database, policy: LOCAL_POLICY });
    expect(await rows()).toEqual([]);
  });
});

test("times are told apart to the microsecond, as they are stored", async () => {
  const batch = await take();
  const [server] = batch.servers;
  if (server === undefined) throw new Error("no batch");
  const { seconds } = timestampFromMs(Date.now());
  const at = (nanos: number): Promise<monitorV2.SubmitResultsResponse> =>
    client.submitResults({
      version: 5,
      monId: MON,
      batchId: batch.batchId,
      submissionId: newSubmissionId(),
      list: [goodStatus(server, { ts: { seconds, nanos } })],
    });
  expect((await at(2_000)).refused).toEqual([]);
  expect((await at(1_000)).refused).toEqual([]);
  expect((await at(2_999)).refused).toMatchObject([{ code: "conflict" }]);
  expect(await counted()).toBe(2);
});
