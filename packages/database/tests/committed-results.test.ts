// The reader in commit order on a real PostgreSQL: transactions that are slow, that are rolled back, wholly or in part,
// that write in several statements, and readers that come at any time between.

import { useDatabase } from "@truechimer/testing-postgres";
import fc from "fast-check";
import { sql } from "kysely";
import type pg from "pg";
import { beforeEach, describe, expect, test } from "vitest";
import {
  currentResultsPosition,
  inTransaction,
  maintainPartitions,
  type PgSnapshotText,
  purgeResultCommits,
  type ReadResultsOptions,
  type ResultsPage,
  type ResultsPosition,
  readCommittedResults,
  resultKeys,
  resultTimes,
} from "../src/index.ts";

const database = await useDatabase({ poolSize: 10 });
const { kysely, pool } = database;
const SESSIONS = 4;

beforeEach(async () => {
  await pool.query("truncate log_scores, result_commits, result_commit_purges");
});

const byId = (a: bigint, b: bigint): number => Number(a - b);

async function page(
  position: ResultsPosition,
  options: ReadResultsOptions = {},
): Promise<ResultsPage> {
  const read = await readCommittedResults(kysely, position, options);
  if (read.kind === "lost") throw new Error("the reader is lost");
  return read;
}

async function idsOf(read: ResultsPage): Promise<readonly bigint[]> {
  if (read.commits.length === 0) return [];
  const { first, last } = resultTimes(read);
  const { rows } = await sql<{ readonly id: bigint }>`
    select l.id from ${resultKeys(read)} as key
    join log_scores l on l.id = key.id and l.ts = key.ts and l.ts between ${first} and ${last}
    order by l.id`.execute(kysely);
  return rows.map(({ id }) => id);
}

interface Reader {
  /** Until nothing is left. */
  readAll(): Promise<void>;
  /** One page. */
  read(resultsMax: number): Promise<void>;
  readonly seen: bigint[];
}

async function startReader(): Promise<Reader> {
  let position: ResultsPosition = await currentResultsPosition(kysely);
  const seen: bigint[] = [];
  const read = async (resultsMax: number): Promise<boolean> => {
    const next = await page(position, { resultsMax });
    seen.push(...(await idsOf(next)));
    ({ position } = next);
    return next.complete;
  };
  return {
    seen,
    read: async (resultsMax) => void (await read(resultsMax)),
    readAll: async () => {
      while (!(await read(3)));
    },
  };
}

async function addResults(client: pg.ClientBase | pg.Pool, count: number): Promise<bigint[]> {
  const { rows } = await client.query<{ id: bigint }>(
    `insert into log_scores (ts, server_id, monitor_id, step, score)
     select now() - (i % 3) * interval '1 day', i, i % 2, 1, 1 from generate_series(1, $1::int) i returning id`,
    [count],
  );
  return rows.map(({ id }) => id);
}

/** What one session does next, or that the reader reads. */
const action = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("write"), count: fc.integer({ min: 1, max: 5 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("writeUndone"),
      count: fc.integer({ min: 1, max: 3 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("writeInSavepoint"),
      count: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("commit"), count: fc.constant(0) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("rollback"), count: fc.constant(0) }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("read"), count: fc.integer({ min: 1, max: 12 }) }),
  },
);
type Action = typeof action extends fc.Arbitrary<infer Value> ? Value : never;

interface Session {
  readonly client: pg.PoolClient;
  isOpen: boolean;
  written: bigint[];
}

/** Returns what was committed. */
async function act(session: Session, { kind, count }: Action): Promise<readonly bigint[]> {
  const { client } = session;
  if (kind === "commit" || kind === "rollback") {
    await client.query(kind);
    const committed = kind === "commit" ? session.written : [];
    Object.assign(session, { isOpen: false, written: [] });
    return committed;
  }
  if (!session.isOpen) await client.query("begin");
  session.isOpen = true;
  if (kind === "write") session.written.push(...(await addResults(client, count)));
  else {
    await client.query("savepoint part");
    const added = await addResults(client, count);
    if (kind === "writeUndone") await client.query("rollback to part");
    else {
      await client.query("release part");
      session.written.push(...added);
    }
  }
  return [];
}

test("no row is missed and none comes twice, however transactions and readers are interleaved", {
  timeout: 120_000,
}, async () => {
  await maintainPartitions(database);
  const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: SESSIONS - 1 }), action), {
    minLength: 5,
    maxLength: 60,
  });
  await fc.assert(
    fc.asyncProperty(steps, async (drawn) => {
      const sessions: Session[] = [];
      try {
        for (let index = 0; index < SESSIONS; index += 1) {
          sessions.push({ client: await pool.connect(), isOpen: false, written: [] });
        }
        const reader = await startReader();
        const committed: bigint[] = [];
        for (const [index, next] of drawn) {
          const session = sessions[index];
          if (next.kind === "read" || session === undefined) await reader.read(next.count);
          else committed.push(...(await act(session, next)));
        }
        for (const session of sessions) {
          committed.push(...(await act(session, { kind: "commit", count: 0 })));
        }
        await reader.readAll();
        expect(reader.seen.toSorted(byId)).toEqual(committed.toSorted(byId));
      } finally {
        for (const { client } of sessions) {
          await client.query("rollback");
          client.release();
        }
      }
    }),
    { numRuns: 150 },
  );
});

describe("a reader", () => {
  test("is not stalled by a transaction that is open for long, and reads it once it ends", async () => {
    const slow = await pool.connect();
    try {
      const reader = await startReader();
      await slow.query("begin");
      const late = await addResults(slow, 2);
      const early = await addResults(pool, 2);
      await reader.readAll();
      expect(reader.seen).toEqual(early);
      await slow.query("commit");
      await reader.readAll();
      expect(reader.seen).toEqual([...early, ...late]);
    } finally {
      slow.release();
    }
  });

  test("reads a prepared transaction when it is committed, where the cluster allows them", async () => {
    const { rows } = await pool.query<{ max: string }>("show max_prepared_transactions");
    if (Object.values(rows[0] ?? {})[0] === "0") return;
    const reader = await startReader();
    const client = await pool.connect();
    try {
      await client.query("begin");
      const prepared = await addResults(client, 1);
      await client.query("prepare transaction 'one'");
      await reader.readAll();
      expect(reader.seen).toEqual([]);
      await client.query("commit prepared 'one'");
      await reader.readAll();
      expect(reader.seen).toEqual(prepared);
    } finally {
      client.release();
    }
  });

  test("whose own transaction writes results reads them after its commit, though it has an id when it asks", async () => {
    const position = await inTransaction(database, async (transaction) => {
      await sql`select pg_current_xact_id()`.execute(transaction);
      // A later transaction ends first, so that ours is below the snapshot's end.
      await addResults(pool, 1);
      const own = await currentResultsPosition(transaction);
      await sql`insert into log_scores (ts, server_id, monitor_id, step, score) values (now(), 7, 7, 1, 1)`.execute(
        transaction,
      );
      const read = await readCommittedResults(transaction, own);
      expect(read).toMatchObject({ commits: [], complete: true });
      return read.kind === "page" ? read.position : own;
    });
    const { commits } = await page(position);
    expect(commits.map(({ monitorId }) => monitorId)).toEqual([7n]);
  });

  test("is given each transaction whole, and all of it at once only when it fits", async () => {
    const position = await currentResultsPosition(kysely);
    const sizes = [4, 9, 1, 2];
    for (const size of sizes) await addResults(pool, size);
    const pages: number[] = [];
    for (let at: ResultsPosition = position, done = false; !done; ) {
      const next = await page(at, { resultsMax: 5 });
      pages.push(next.commits.reduce((sum, { results }) => sum + results, 0));
      ({ position: at, complete: done } = next);
    }
    expect(pages).toEqual([13, 3]);
  });

  test("passes over the results of monitors that it leaves out", async () => {
    const position = await currentResultsPosition(kysely);
    await addResults(pool, 4);
    const read = await page(position, { exceptMonitorIds: [1n] });
    expect(read.commits.map(({ monitorId, results }) => [monitorId, results])).toEqual([[0n, 2]]);
    const { rows } = await sql`select 1 from ${resultKeys(read, [1n])} as key`.execute(kysely);
    expect(rows).toHaveLength(2);
  });
});

describe("after a dump was restored in another cluster", () => {
  const OTHER = 1n;

  test("what came with it is told apart by the old count, then all that is new is read", async () => {
    // The dump: read and unread rows of a cluster that had counted far ahead of this one.
    await addResults(pool, 2);
    await addResults(pool, 4);
    await pool.query(
      `update result_commits set cluster = $1,
         transaction_id = case when first_id = (select min(first_id) from result_commits) or results = 1
           then '900000000000' else '900000000007' end::xid8`,
      [OTHER],
    );
    const position = { cluster: OTHER, snapshot: "900000000005:900000000005:" as PgSnapshotText };
    await addResults(pool, 1);
    const old = await page(position);
    expect(old).toMatchObject({ cluster: OTHER, complete: false });
    expect(old.commits.reduce((sum, { results }) => sum + results, 0)).toBe(4);
    const fresh = await page(old.position);
    expect(fresh.complete).toBe(true);
    expect(fresh.commits.reduce((sum, { results }) => sum + results, 0)).toBe(1);
    expect((await page(fresh.position)).commits).toEqual([]);
  });

  test("a reader whose position is in memory begins anew", async () => {
    const position = await currentResultsPosition(kysely);
    expect(await readCommittedResults(kysely, { ...position, cluster: OTHER })).toEqual({
      kind: "lost",
    });
    expect(await readCommittedResults(kysely, { ...position, timeline: "0000000F" })).toEqual({
      kind: "lost",
    });
    expect(await readCommittedResults(kysely, position)).toMatchObject({ kind: "page" });
  });
});

describe("cleaning up", () => {
  test("takes what was visible an hour ago, and waits for positions that are kept", async () => {
    const { cluster, snapshot } = await currentResultsPosition(kysely);
    await addResults(pool, 1);
    expect(await purgeResultCommits(database, { keepMs: 0 })).toBe(0);
    await addResults(pool, 1);
    expect(
      await purgeResultCommits(database, { keepMs: 0, unreadBy: [{ cluster, snapshot }] }),
    ).toBe(0);
    expect(await purgeResultCommits(database, { keepMs: 60_000 })).toBe(0);
    expect(
      (await page({ cluster, snapshot: (await currentResultsPosition(kysely)).snapshot })).commits,
    ).toEqual([]);
    expect(await purgeResultCommits(database, { keepMs: 0 })).toBe(2);
  });

  test("tells a reader that had not followed, and no other", async () => {
    const behind = await currentResultsPosition(kysely);
    await addResults(pool, 1);
    const abreast = await currentResultsPosition(kysely);
    await purgeResultCommits(database, { keepMs: 0 });
    await purgeResultCommits(database, { keepMs: 0 });
    expect(await readCommittedResults(kysely, behind)).toEqual({ kind: "lost" });
    const next = await currentResultsPosition(kysely);
    expect((await readCommittedResults(kysely, next)).kind).toBe("page");
    expect(abreast.cluster).toBe(next.cluster);
  });
});

test("a role without any special right may read and write", async () => {
  await pool.query("create role plain_reader");
  try {
    await pool.query("grant select, insert, update on all tables in schema public to plain_reader");
    await pool.query("grant usage on all sequences in schema public to plain_reader");
    const client = await pool.connect();
    try {
      await client.query("begin; set local role plain_reader");
      await addResults(client, 1);
      await client.query(
        "select results_snapshot(), (select system_identifier from pg_control_system())",
      );
      await client.query("select pg_walfile_name(pg_current_wal_lsn())");
      await client.query("rollback");
    } finally {
      client.release();
    }
  } finally {
    await pool.query("drop owned by plain_reader");
    await pool.query("drop role plain_reader");
  }
});
