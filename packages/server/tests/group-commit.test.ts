// Submissions of several monitors that come while others are being counted are counted by one transaction; what goes wrong
// with one of them is nobody else's.

import type { monitorV2 } from "@truechimer/api";
import { useDatabase } from "@truechimer/testing-postgres";
import { sql } from "kysely";

import { beforeEach, expect, test, vi } from "vitest";
import { goodStatus, type MonitorClient, makeDue, newSubmissionId, refusalOf } from "./_results.ts";
import { ip, startServer, type TestServer, useServer } from "./_test-server.ts";

const database = await useDatabase({ poolSize: 20 });
const shared = await useServer(database);
const { kysely } = database;
const NAMES = ["a", "b", "c", "d", "e"] as const;
type Name = (typeof NAMES)[number];

interface Agent {
  readonly monId: string;
  readonly token: string;
  readonly monitorId: bigint;
}

let agents: ReadonlyMap<Name, Agent>;

beforeEach(async () => {
  await sql`truncate servers, monitors, server_scores, submissions, log_scores cascade`.execute(
    kysely,
  );
  agents = new Map(
    await Promise.all(
      NAMES.map(async (name, index) => {
        const monId = `10.0.0.${index + 1}`;
        const made = await shared.server.createMonitor({ name, address: ip(monId) });
        return [name, { monId, ...made }] as const;
      }),
    ),
  );
  await shared.admin.addServers({ targets: ["10.1.0.1", "10.1.0.2"] });
});

function agentOf(name: Name): Agent {
  const agent = agents.get(name);
  if (agent === undefined) throw new Error(`there is no agent ${name}`);
  return agent;
}

type Submission = Parameters<MonitorClient["submitResults"]>[0];

async function submissionOf(name: Name, version = 5): Promise<Submission> {
  const { monId, token } = agentOf(name);
  const batch = await shared
    .monitorClient(token)
    .getServers({ monId, submissionVersionMax: version });
  return {
    version,
    monId,
    batchId: batch.batchId,
    ...(version < 5 ? {} : { submissionId: newSubmissionId() }),
    list: batch.servers.map((server) => goodStatus(server)),
  };
}

function send(
  { monitorClient }: TestServer,
  name: Name,
  submission: Submission,
): Promise<monitorV2.SubmitResultsResponse> {
  return monitorClient(agentOf(name).token).submitResults(submission);
}

interface Held {
  /** Lets those go on that wait. */
  readonly release: () => Promise<void>;
}

/** Both transactions that a process has at once are kept waiting, by the rows of monitors a and b. */
async function holdTransactions(to: TestServer, answers: Promise<unknown>[]): Promise<Held> {
  const submissions = [await submissionOf("a"), await submissionOf("b")] as const;
  const blocker = await database.pool.connect();
  await blocker.query("begin");
  await blocker.query("select 1 from monitors where hostname in ('a', 'b') for update");
  answers.push(send(to, "a", submissions[0]));
  await vi.waitFor(async () => expect(await waitingSessions()).toBe(1), 20_000);
  answers.push(send(to, "b", submissions[1]));
  await vi.waitFor(async () => expect(await waitingSessions()).toBe(2), 20_000);
  return {
    release: async () => {
      await blocker.query("rollback");
      blocker.release();
    },
  };
}

async function waitingSessions(): Promise<number> {
  const { rowCount } = await database.pool.query(
    `select 1 from pg_stat_activity
     where datname = current_database() and wait_event_type = 'Lock' and query like '%claim_submissions%'`,
  );
  return rowCount ?? 0;
}

async function callsInFlight({ server }: TestServer): Promise<number> {
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  return Number(/rpc_in_flight\{[^}]*monitor\.v2[^}]*\} (\d+)/.exec(metrics)?.[1] ?? 0);
}

/** Results of each monitor. */
async function counted(): Promise<Record<string, number>> {
  const { rows } = await sql<{ readonly name: string; readonly results: number }>`
    select m.hostname as name, count(*)::int as results
    from log_scores l join monitors m on m.id = l.monitor_id group by m.hostname order by m.hostname`.execute(
    kysely,
  );
  return Object.fromEntries(rows.map(({ name, results }) => [name, results]));
}

async function transactionsOf(...names: Name[]): Promise<number> {
  const ids = names.map((name) => agentOf(name).monitorId);
  const { rows } = await sql<{ readonly transactions: number }>`
    select count(distinct xmin::text)::int as transactions from submissions
    where monitor_id = any(${ids}::bigint[])`.execute(kysely);
  return rows[0]?.transactions ?? 0;
}

test("those that wait are counted together, each with its own answer", async () => {
  const answers: Promise<unknown>[] = [];
  const [c, d, e] = [await submissionOf("c"), await submissionOf("d"), await submissionOf("e")];
  const held = await holdTransactions(shared, answers);
  const together = [send(shared, "c", c), send(shared, "d", d), send(shared, "e", e)];
  await vi.waitFor(async () => expect(await callsInFlight(shared)).toBe(5), 20_000);
  await held.release();
  await Promise.all(answers);
  for (const answer of await Promise.all(together)) {
    expect(answer).toMatchObject({ ok: true, duplicate: false, refused: [] });
  }
  expect(await counted()).toEqual({ a: 2, b: 2, c: 2, d: 2, e: 2 });
  expect(await transactionsOf("c", "d", "e")).toBe(1);
  expect(await send(shared, "d", d)).toMatchObject({ duplicate: true });
});

test("a neighbour's refusal and a neighbour's repetition change nothing for the others", async () => {
  const older = await submissionOf("c", 4);
  await makeDue(kysely);
  const newer = await submissionOf("c", 4);
  await send(shared, "c", newer);
  const repeated = await submissionOf("d");
  await send(shared, "d", repeated);
  const good = await submissionOf("e");
  const answers: Promise<unknown>[] = [];
  const held = await holdTransactions(shared, answers);
  const together = [
    refusalOf(send(shared, "c", older)),
    send(shared, "d", repeated),
    send(shared, "e", good),
  ];
  await vi.waitFor(async () => expect(await callsInFlight(shared)).toBe(5), 20_000);
  await held.release();
  await Promise.all(answers);
  const [late, again, first] = await Promise.all(together);
  expect(late).toBe("batch_out_of_order");
  expect(again).toMatchObject({ ok: true, duplicate: true });
  expect(first).toMatchObject({ ok: true, duplicate: false });
  expect(await counted()).toEqual({ a: 2, b: 2, c: 2, d: 2, e: 2 });
  // Nothing is left of what was refused as a whole.
  expect(await refusalOf(send(shared, "c", older))).toBe("batch_out_of_order");
});

test("what PostgreSQL refuses of a neighbour fails alone", async () => {
  const { monitorId } = agentOf("d");
  await sql`create function refuse_results() returns trigger language plpgsql as
    ${sql.lit("begin raise exception 'no results today'; end")}`.execute(kysely);
  await sql`create trigger refuse_results before insert on log_scores for each row
    when (new.monitor_id = ${sql.lit(monitorId)}) execute function refuse_results()`.execute(
    kysely,
  );
  try {
    const [c, d, e] = [await submissionOf("c"), await submissionOf("d"), await submissionOf("e")];
    const answers: Promise<unknown>[] = [];
    const held = await holdTransactions(shared, answers);
    const together = [send(shared, "c", c), refusalOf(send(shared, "d", d)), send(shared, "e", e)];
    await vi.waitFor(async () => expect(await callsInFlight(shared)).toBe(5), 20_000);
    await held.release();
    await Promise.all(answers);
    const [first, failed, last] = await Promise.all(together);
    expect(failed).toBe("internal");
    expect([first, last]).toMatchObject([
      { ok: true, duplicate: false },
      { ok: true, duplicate: false },
    ]);
    expect(await counted()).toEqual({ a: 2, b: 2, c: 2, e: 2 });
  } finally {
    await sql`drop trigger refuse_results on log_scores`.execute(kysely);
    await sql`drop function refuse_results`.execute(kysely);
  }
});

test("those that wait keep their places, so that no more are taken in than may wait", async () => {
  const own = await useServer(database, { rateLimits: { calls_in_flight: { max: 3 } } });
  const [c, d] = [await submissionOf("c"), await submissionOf("d")];
  const answers: Promise<unknown>[] = [];
  const held = await holdTransactions(own, answers);
  answers.push(send(own, "c", c));
  await vi.waitFor(async () => expect(await callsInFlight(own)).toBe(3), 20_000);
  expect(await refusalOf(send(own, "d", d))).toBe("limit_exceeded");
  await held.release();
  await Promise.all(answers);
  expect(await send(own, "d", d)).toMatchObject({ ok: true, duplicate: false });
  expect(await counted()).toEqual({ a: 2, b: 2, c: 2, d: 2 });
});

test("a server that stops counts what it has taken in, and answers", async () => {
  const own = await startServer(database);
  const c = await submissionOf("c");
  const answers: Promise<unknown>[] = [];
  const held = await holdTransactions(own, answers);
  const last = send(own, "c", c);
  await vi.waitFor(async () => expect(await callsInFlight(own)).toBe(3), 20_000);
  const stopped = own.server[Symbol.asyncDispose]();
  await held.release();
  await Promise.all(answers);
  expect(await last).toMatchObject({ ok: true, duplicate: false });
  await stopped;
  expect(await counted()).toEqual({ a: 2, b: 2, c: 2 });
});
