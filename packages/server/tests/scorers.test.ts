// The scorers on a real database: against a plain model over random histories, with rows that commit late and several
// scorers at once; and with a server that cannot be scored.

import { systemClock, systemRandom } from "@truechimer/base";
import { timestamptzFromNs } from "@truechimer/database";
import { everyScore, recentMedian, recentMedianRows } from "@truechimer/scoring";
import { createMetrics, silentLogger } from "@truechimer/telemetry";
import { useDatabase } from "@truechimer/testing-postgres";
import fc from "fast-check";
import { sql } from "kysely";
import { beforeEach, describe, expect, test } from "vitest";
import type { ServerContext } from "../src/context.ts";
import { LOCAL_POLICY } from "../src/index.ts";
import { scoreBatch } from "../src/scorer/score-batch.ts";
import { type ActiveScorers, activeScorers } from "../src/scorer/scorers.ts";
import { createServerMetrics } from "../src/server-metrics.ts";

const database = await useDatabase({ poolSize: 10 });
const { kysely } = database;

const metricsRegistry = createMetrics({ version: "0.0.0-test" });
const context = {
  database,
  clock: systemClock,
  random: systemRandom,
  logger: silentLogger,
  metrics: createServerMetrics(metricsRegistry),
  metricsRegistry,
  policy: LOCAL_POLICY,
} as unknown as ServerContext;

const MINUTE_NS = 60_000_000_000n;
const NOW_NS = (systemClock.nowNs() / 1_000n) * 1_000n;
const SERVERS = 3;
const MONITORS = 4;

interface Result {
  readonly server: number;
  readonly monitor: number;
  /** Minutes before now. */
  readonly ago: number;
  readonly step: number;
  readonly score: number;
  readonly offsetMs: number | undefined;
  readonly rttMs: number;
}

beforeEach(async () => {
  await sql`truncate servers, monitors, server_scores, events, log_scores, check_evidence, score_queue, server_slots,
    monitor_slots, submissions, loop_runs restart identity cascade`.execute(kysely);
  await sql`insert into servers (name, ip, port, ip_version)
    select 's' || i, ('192.0.2.' || i)::inet, 123, 'v4' from generate_series(1, ${SERVERS}::int) i`.execute(
    kysely,
  );
  await sql`insert into monitors (id_token, hostname, ip, ip_version, status)
    select 'm' || i, 'm' || i, ('198.51.100.' || i)::inet, 'v4', 'active' from generate_series(1, ${MONITORS}::int) i`.execute(
    kysely,
  );
  await sql`insert into server_scores (server_id, monitor_id, status)
    select s.id, m.id, 'active' from servers s, monitors m`.execute(kysely);
});

/** As a submission does: the row, its place in the queue, and the assignment's newest. */
async function store(results: readonly Result[]): Promise<void> {
  for (const { server, monitor, ago, step, score, offsetMs, rttMs } of results) {
    const at = timestamptzFromNs(NOW_NS - BigInt(ago) * MINUTE_NS);
    const offsetNs = offsetMs === undefined ? null : BigInt(offsetMs) * 1_000_000n;
    await sql`
      with logged as (
        insert into log_scores (ts, server_id, monitor_id, score_before, step, score, offset_ns, rtt_ns)
        values (${at}, ${server}, ${monitor}, 0, ${step}, ${score}, ${offsetNs}, ${BigInt(rttMs) * 1_000_000n})
        returning id, ts
      ), queued as (
        insert into score_queue (log_score_id, server_id, monitor_id, ts)
        select id, ${server}, ${monitor}, ts from logged
      )
      update server_scores ss set score_ts = logged.ts, last_log_score_id = logged.id, score_raw = ${score}
      from logged where ss.server_id = ${server} and ss.monitor_id = ${monitor}
        and (ss.score_ts is null or ss.score_ts <= logged.ts)`.execute(kysely);
  }
}

async function drain(scorers: ActiveScorers): Promise<void> {
  while ((await scoreBatch(context, scorers)) > 0);
}

async function scoresBy(scorer: string): Promise<ReadonlyMap<number, number>> {
  const rows = await sql<{ readonly server_id: bigint; readonly score_raw: number }>`
    select ss.server_id, ss.score_raw from server_scores ss join monitors m on m.id = ss.monitor_id
    where m.type = 'score' and m.hostname = ${scorer}`.execute(kysely);
  return new Map(rows.rows.map((row) => [Number(row.server_id), row.score_raw]));
}

const anyResult = (): fc.Arbitrary<Result> =>
  fc.record({
    server: fc.integer({ min: 1, max: SERVERS }),
    monitor: fc.integer({ min: 1, max: MONITORS }),
    ago: fc.integer({ min: 0, max: 60 }),
    step: fc.constantFrom(1, 0.5, -2, -4, -5),
    score: fc.integer({ min: -100, max: 20 }),
    offsetMs: fc.option(fc.integer({ min: -4_000, max: 4_000 }), { nil: undefined }),
    rttMs: fc.integer({ min: 1, max: 300 }),
  });

describe("both scorers agree with a plain model", () => {
  test("over random histories, whose rows come in order of time", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyResult(), { minLength: 1, maxLength: 25 }), async (drawn) => {
        await sql`truncate log_scores, score_queue, server_slots, monitor_slots`.execute(kysely);
        await sql`delete from monitors where type = 'score'`.execute(kysely).catch(() => undefined);
        await sql`update servers set score_raw = null, score_ts = null`.execute(kysely);
        await sql`delete from server_scores where monitor_id in (select id from monitors where type = 'score')`.execute(
          kysely,
        );
        await sql`update server_scores set score_raw = 0, score_ts = null, last_log_score_id = null`.execute(
          kysely,
        );
        const results = drawn.toSorted((a, b) => b.ago - a.ago);
        await store(results);
        await drain(await activeScorers(context));
        expect(await scoresBy("every")).toEqual(modelOfEvery(results));
        expect(await scoresBy("recentmedian")).toEqual(modelOfRecentMedian(results));
      }),
      // Each run is a history on a real database.
      { numRuns: 15 },
    );
  });

  test("a row that commits late with an early id is scored once, by whichever of two scorers", async () => {
    const scorers = await activeScorers(context);
    const results: Result[] = Array.from({ length: 40 }, (_, index) => ({
      server: (index % SERVERS) + 1,
      monitor: 1,
      ago: 50 - index,
      step: 1,
      score: 5,
      offsetMs: 1,
      rttMs: 10,
    }));
    const late = await database.pool.connect();
    try {
      await late.query("begin");
      await late.query(
        `with logged as (insert into log_scores (ts, server_id, monitor_id, step, score, offset_ns)
           values (now() - interval '55 min', 1, 2, -5, 3, 0) returning id, ts)
         insert into score_queue (log_score_id, server_id, monitor_id, ts) select id, 1, 2, ts from logged`,
      );
      await store(results);
      await Promise.all([drain(scorers), drain(scorers)]);
      const before = (await scoresBy("every")).get(1) ?? Number.NaN;
      await late.query("commit");
      await Promise.all([drain(scorers), drain(scorers)]);
      expect((await scoresBy("every")).get(1)).toBeCloseTo(before * 0.95 - 5, 9);
    } finally {
      late.release();
    }
    const sums = await sql<{
      readonly checks: bigint;
    }>`select sum(checks) as checks from server_slots`.execute(kysely);
    expect(Number(sums.rows[0]?.checks)).toBe(41);
  });

  test("a scorer that an operator paused is left alone, and not made again", async () => {
    await activeScorers(context);
    await sql`update monitors set status = 'paused' where hostname = 'every'`.execute(kysely);
    const scorers = await activeScorers(context);
    expect([...scorers.keys()]).toEqual(["recentmedian"]);
    await store([{ server: 1, monitor: 1, ago: 1, step: 1, score: 1, offsetMs: 1, rttMs: 10 }]);
    await drain(scorers);
    expect(await scoresBy("every")).toEqual(new Map());
    const rows = await sql`select 1 from monitors where type = 'score'`.execute(kysely);
    expect(rows.rows).toHaveLength(2);
  });
});

function modelOfEvery(results: readonly Result[]): ReadonlyMap<number, number> {
  const scores = new Map<number, number>();
  for (const { server, step, offsetMs } of results) {
    const offsetNs = offsetMs === undefined ? undefined : BigInt(offsetMs) * 1_000_000n;
    scores.set(server, everyScore(scores.get(server) ?? 0, { step, offsetNs }));
  }
  return scores;
}

/** After the last result of each server. */
function modelOfRecentMedian(results: readonly Result[]): ReadonlyMap<number, number> {
  const scores = new Map<number, number>();
  for (const server of new Set(results.map((result) => result.server))) {
    const own = results.filter((result) => result.server === server);
    const newest = new Map(own.map((result) => [result.monitor, result]));
    const rows = [...newest.values()].map(({ monitor, ago, score, rttMs }) => ({
      monitorId: monitor,
      atNs: NOW_NS - BigInt(ago) * MINUTE_NS,
      score,
      rttNs: BigInt(rttMs) * 1_000_000n,
      assignment: "active" as const,
      monitorVotes: true,
    }));
    const atNs = rows.reduce((last, row) => (row.atNs > last ? row.atNs : last), 0n);
    const chosen = recentMedian(recentMedianRows(rows, atNs));
    if (chosen !== undefined) scores.set(server, chosen.score);
  }
  return scores;
}

describe("a server that cannot be scored", () => {
  const one: Result = { server: 1, monitor: 1, ago: 2, step: 1, score: 1, offsetMs: 1, rttMs: 10 };

  async function poison(server: number): Promise<void> {
    await sql`create or replace function refuse() returns trigger language plpgsql as
      $$ begin raise exception 'this server cannot be scored'; end $$`.execute(kysely);
    await sql`create trigger refuse before update of score_raw on servers for each row
      when (new.id = ${sql.lit(server)}) execute function refuse()`.execute(kysely);
  }

  async function mend(): Promise<void> {
    await sql`drop trigger refuse on servers`.execute(kysely);
  }

  async function waiting(): Promise<
    readonly { readonly server: number; readonly failures: number }[]
  > {
    const rows = await kysely
      .selectFrom("score_queue")
      .select(["server_id", "failures"])
      .orderBy("log_score_id")
      .execute();
    return rows.map(({ server_id, failures }) => ({ server: Number(server_id), failures }));
  }

  test("is set aside with all its results, and the others are scored", async () => {
    const scorers = await activeScorers(context);
    await poison(2);
    try {
      await store([
        one,
        { ...one, server: 2 },
        { ...one, server: 3 },
        { ...one, server: 2, ago: 1 },
      ]);
      await drain(scorers);
      expect(await waiting()).toEqual([
        { server: 2, failures: 1 },
        { server: 2, failures: 1 },
      ]);
      expect(new Set((await scoresBy("recentmedian")).keys())).toEqual(new Set([1, 3]));
      // What comes since waits with the rest, and fails nobody's batch.
      await store([
        { ...one, server: 2, ago: 0 },
        { ...one, ago: 0 },
      ]);
      await drain(scorers);
      expect(await waiting()).toEqual([
        { server: 2, failures: 1 },
        { server: 2, failures: 1 },
        { server: 2, failures: 0 },
      ]);
      const { text } = await metricsRegistry.scrape();
      expect(text).toMatch(/^scorer_errors\{scorer="all"\} 1$/m);
    } finally {
      await mend();
    }
  });

  test("is tried again later, longer each time, and scored in order once it can be", async () => {
    const scorers = await activeScorers(context);
    await poison(2);
    try {
      await store([{ ...one, server: 2 }]);
      await drain(scorers);
      await sql`update score_queue set retry_at = now()`.execute(kysely);
      await drain(scorers);
      const [row] = (
        await sql<{
          readonly failures: number;
          readonly seconds: number;
          readonly last_error: string;
        }>`
          select failures, extract(epoch from retry_at - now())::float8 as seconds, last_error from score_queue`.execute(
          kysely,
        )
      ).rows;
      expect(row?.failures).toBe(2);
      expect(row?.seconds).toBeGreaterThan(50);
      expect(row?.seconds).toBeLessThanOrEqual(60);
      expect(row?.last_error).toBe("internal");
    } finally {
      await mend();
    }
    await store([{ ...one, server: 2, step: -5, ago: 1 }]);
    await sql`update score_queue set retry_at = now() where retry_at is not null`.execute(kysely);
    await drain(scorers);
    expect(await waiting()).toEqual([]);
    expect((await scoresBy("every")).get(2)).toBeCloseTo(0.95 - 5, 9);
  });
});
