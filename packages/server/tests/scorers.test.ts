// The scorers on a real database: against a plain model over random histories, with rows that commit late and several
// scorers at once; with a server that cannot be scored; and with changes that count at once.

import { createUlid, systemClock, systemRandom } from "@truechimer/base";
import { timestamptzFromNs } from "@truechimer/database";
import {
  everyScore,
  NTP_POOL_RECENT_MEDIAN,
  recentMedian,
  recentMedianRows,
} from "@truechimer/scoring";
import { createMetrics, silentLogger } from "@truechimer/telemetry";
import { useDatabase } from "@truechimer/testing-postgres";
import fc from "fast-check";
import { sql } from "kysely";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import type { ServerContext } from "../src/context.ts";
import { LOCAL_POLICY } from "../src/index.ts";
import { createRuleSets } from "../src/rules/rule-sets.ts";
import { scorerLag } from "../src/scorer/scorer-lag.ts";
import { createScorerWorker, type ScorerWorker } from "../src/scorer/scorer-worker.ts";
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
  ruleSets: createRuleSets(),
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
  await sql`truncate servers, monitors, results_scored_late, scored_standings, server_scores, events, log_scores, check_evidence, result_commits, server_slots,
    monitor_slots, submissions, loop_runs, replicas restart identity cascade`.execute(kysely);
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

/** As a submission does: the row, and the assignment's newest. */
async function store(results: readonly Result[]): Promise<void> {
  for (const { server, monitor, ago, step, score, offsetMs, rttMs } of results) {
    const at = timestamptzFromNs(NOW_NS - BigInt(ago) * MINUTE_NS);
    const offsetNs = offsetMs === undefined ? null : BigInt(offsetMs) * 1_000_000n;
    await sql`
      with logged as (
        insert into log_scores (ts, server_id, monitor_id, score_before, step, score, offset_ns, rtt_ns)
        values (${at}, ${server}, ${monitor}, 0, ${step}, ${score}, ${offsetNs}, ${BigInt(rttMs) * 1_000_000n})
        returning id, ts
      )
      update server_scores ss set score_ts = logged.ts, last_log_score_id = logged.id, score_raw = ${score}
      from logged where ss.server_id = ${server} and ss.monitor_id = ${monitor}
        and (ss.score_ts is null or ss.score_ts <= logged.ts)`.execute(kysely);
  }
}

/** Scorers that share the work, each as if in a process of its own. */
async function startScorers(count = 1): Promise<readonly ScorerWorker[]> {
  const ids = Array.from({ length: count }, () => createUlid(systemClock, systemRandom));
  await sql`insert into replicas (id, roles, host, process_id, version)
    select id, '{scorer}', 'here', 1, '' from unnest(${ids}::text[]) as t (id)`.execute(kysely);
  const scorers = ids.map((replicaId) => createScorerWorker({ ...context, replicaId }));
  onTestFinished(async () => {
    for (const scorer of scorers) await scorer[Symbol.asyncDispose]();
    await sql`delete from replicas`.execute(kysely);
  });
  return scorers;
}

async function drain(scorers: readonly ScorerWorker[]): Promise<void> {
  await Promise.all(
    scorers.map(async (scorer) => {
      for (;;) {
        const { results, more } = await scorer.pass();
        if (results === 0 && !more) return;
      }
    }),
  );
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
        await sql`truncate log_scores, result_commits, server_slots, monitor_slots`.execute(kysely);
        await sql`update servers set score_raw = null, score_ts = null`.execute(kysely);
        await sql`delete from server_scores where monitor_id in (select id from monitors where type = 'score')`.execute(
          kysely,
        );
        await sql`update server_scores set score_raw = 0, score_ts = null, last_log_score_id = null`.execute(
          kysely,
        );
        const results = drawn.toSorted((a, b) => b.ago - a.ago);
        await store(results);
        const scorer = createScorerWorker({
          ...context,
          replicaId: createUlid(systemClock, systemRandom),
        });
        await drain([scorer]);
        await scorer[Symbol.asyncDispose]();
        expect(await scoresBy("every")).toEqual(modelOfEvery(results));
        expect(await scoresBy("recentmedian")).toEqual(modelOfRecentMedian(results));
      }),
      // Each run is a history on a real database.
      { numRuns: 15 },
    );
  });

  test("a row that commits late with an early id is scored once, by whichever of two scorers", async () => {
    const scorers = await startScorers(2);
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
        `insert into log_scores (ts, server_id, monitor_id, step, score, offset_ns)
           values (now() - interval '55 min', 1, 2, -5, 3, 0)`,
      );
      await store(results);
      await drain(scorers);
      const before = (await scoresBy("every")).get(1) ?? Number.NaN;
      await late.query("commit");
      await drain(scorers);
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
    await drain(await startScorers());
    await sql`update monitors set status = 'paused' where hostname = 'every'`.execute(kysely);
    const scorers = await startScorers();
    await sql`update scorer_shards set holder = null, leased_until = null`.execute(kysely);
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
    const chosen = recentMedian(recentMedianRows(rows, atNs, NTP_POOL_RECENT_MEDIAN.attempts));
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

  /** How many results of each server wait, and how often it has failed. */
  async function waiting(): Promise<
    readonly { readonly server: number; readonly results: number; readonly failures: number }[]
  > {
    const { rows } = await sql<{ server: number; results: number; failures: number }>`
      select server_id::int as server, failures,
        (select count(*)::int from set_aside_results waiting where waiting.server_id = aside.server_id) as results
      from scorer_set_aside aside order by server_id`.execute(kysely);
    return rows;
  }

  test("is set aside with all its results, and the others are scored", async () => {
    const scorers = await startScorers();
    await poison(2);
    try {
      await store([
        one,
        { ...one, server: 2 },
        { ...one, server: 3 },
        { ...one, server: 2, ago: 1 },
      ]);
      await drain(scorers);
      expect(await waiting()).toEqual([{ server: 2, results: 2, failures: 1 }]);
      expect(new Set((await scoresBy("recentmedian")).keys())).toEqual(new Set([1, 3]));
      // What comes since waits with the rest, and fails nobody's batch.
      await store([
        { ...one, server: 2, ago: 0 },
        { ...one, ago: 0 },
      ]);
      await drain(scorers);
      expect(await waiting()).toEqual([{ server: 2, results: 3, failures: 1 }]);
      const { text } = await metricsRegistry.scrape();
      expect(text).toMatch(/^scorer_errors\{scorer="all"\} 1$/m);
    } finally {
      await mend();
    }
  });

  test("is not set aside for a day of the history that was made meanwhile: the same again succeeds", async () => {
    const scorers = await startScorers();
    // As PostgreSQL answers a row on its way to the default partition: once, and no rollback undoes that.
    await sql`create sequence days_made`.execute(kysely);
    await sql`
      create function day_is_made() returns trigger language plpgsql as $$ begin
        if nextval('days_made') = 1 then
          raise exception 'new row for relation violates partition constraint' using errcode = '23514';
        end if;
        return new;
      end $$`.execute(kysely);
    await sql`create trigger day_is_made before update on servers for each row execute function day_is_made()`.execute(
      kysely,
    );
    try {
      await store([{ ...one, server: 2 }]);
      await expect(drain(scorers)).rejects.toThrow(/partition constraint/);
      expect(await waiting()).toEqual([]);
      await drain(scorers);
      expect(new Set((await scoresBy("recentmedian")).keys())).toEqual(new Set([2]));
    } finally {
      await sql`drop function day_is_made() cascade; drop sequence days_made`.execute(kysely);
    }
  });

  test("is tried again later, longer each time, and scored in order once it can be", async () => {
    const scorers = await startScorers();
    await poison(2);
    try {
      await store([{ ...one, server: 2 }]);
      await drain(scorers);
      await sql`update scorer_set_aside set retry_at = now()`.execute(kysely);
      await drain(scorers);
      const [row] = (
        await sql<{
          readonly failures: number;
          readonly seconds: number;
          readonly last_error: string;
        }>`
          select failures, extract(epoch from retry_at - now())::float8 as seconds, last_error from scorer_set_aside`.execute(
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
    await sql`update scorer_set_aside set retry_at = now()`.execute(kysely);
    await drain(scorers);
    expect(await waiting()).toEqual([]);
    expect((await scoresBy("every")).get(2)).toBeCloseTo(0.95 - 5, 9);
  });
});

describe("what others change counts with the next result", () => {
  const good: Result = {
    server: 1,
    monitor: 1,
    ago: 3,
    step: 1,
    score: 20,
    offsetMs: 1,
    rttMs: 10,
  };

  test("a monitor that is paused, and one whose assignment is, have no vote any more", async () => {
    const scorers = await startScorers();
    await store([good, { ...good, monitor: 2, score: -10, ago: 2 }]);
    await drain(scorers);
    expect((await scoresBy("recentmedian")).get(1)).toBe(20);
    await sql`update server_scores set status = 'paused' where monitor_id = 1`.execute(kysely);
    await store([{ ...good, monitor: 3, score: 5, ago: 1 }]);
    await drain(scorers);
    expect((await scoresBy("recentmedian")).get(1)).toBe(-10);
    await sql`update monitors set status = 'paused' where id = 2`.execute(kysely);
    await store([{ ...good, monitor: 4, score: 7, ago: 0 }]);
    await drain(scorers);
    expect((await scoresBy("recentmedian")).get(1)).toBe(5);
  });

  test("candidates have a vote while no active or testing monitor has one", async () => {
    const scorers = await startScorers();
    await sql`update server_scores set status = 'candidate'`.execute(kysely);
    await store([{ ...good, score: 3, ago: 9 }]);
    await drain(scorers);
    expect((await scoresBy("recentmedian")).get(1)).toBe(3);
    await sql`update server_scores set status = 'active' where monitor_id = 2`.execute(kysely);
    await store([{ ...good, monitor: 2, score: 11, ago: 5 }]);
    await drain(scorers);
    expect((await scoresBy("recentmedian")).get(1)).toBe(11);
  });

  test("a monitor whose assignment begins as active has a vote from its first result on", async () => {
    const scorers = await startScorers();
    await sql`delete from server_scores where monitor_id = 2`.execute(kysely);
    await store([good]);
    await drain(scorers);
    await sql`insert into server_scores (server_id, monitor_id, status) values (1, 2, 'active')`.execute(
      kysely,
    );
    await store([{ ...good, monitor: 2, score: -10, ago: 1 }]);
    await drain(scorers);
    // The older of the two.
    expect((await scoresBy("recentmedian")).get(1)).toBe(20);
    await store([{ ...good, score: 9, ago: 0 }]);
    await drain(scorers);
    expect((await scoresBy("recentmedian")).get(1)).toBe(-10);
  });

  test("a candidate that was assigned after its server was first scored has a vote, too", async () => {
    const scorers = await startScorers();
    await sql`update server_scores set status = 'candidate'`.execute(kysely);
    await sql`delete from server_scores where monitor_id = 2`.execute(kysely);
    await store([{ ...good, score: 3, ago: 9 }]);
    await drain(scorers);
    await sql`insert into server_scores (server_id, monitor_id, status) values (1, 2, 'candidate')`.execute(
      kysely,
    );
    await store([
      { ...good, monitor: 2, score: 11, ago: 5 },
      { ...good, score: 4, ago: 4 },
    ]);
    await drain(scorers);
    expect((await scoresBy("recentmedian")).get(1)).toBe(11);
  });

  test("rows of a scorer feed no scorer, and what a scorer has is never reset", async () => {
    await store([good]);
    await drain(await startScorers());
    const scorer = await kysely
      .selectFrom("monitors")
      .select("id")
      .where("hostname", "=", "every")
      .executeTakeFirstOrThrow();
    await sql`update scorer_shards set holder = null, leased_until = null`.execute(kysely);
    await sql`insert into log_scores (ts, server_id, monitor_id, step, score) values (now(), 1, ${scorer.id}, -5, -50)`.execute(
      kysely,
    );
    expect(await scorerLag(kysely)).toEqual({ results: 0n, seconds: 0 });
    await Promise.all((await startScorers(2)).map((each) => drain([each])));
    expect((await scoresBy("every")).get(1)).toBe(1);
  });
});

test("more results than a transaction of the scorers takes, written by one, are scored some at a time", async () => {
  const [scorer] = await startScorers();
  if (scorer === undefined) throw new Error("there is one");
  await scorer.pass();
  const RESULTS = 17_000;
  await sql`insert into log_scores (ts, server_id, monitor_id, step, score)
    select now() - make_interval(secs => ${RESULTS} - i), 1 + i % 3, 1, 1, 1 from generate_series(1, ${RESULTS}::int) i`.execute(
    kysely,
  );
  await scorer.pass();
  expect((await scorerLag(kysely)).results).toBeGreaterThan(0n);
  await drain([scorer]);
  expect(await scorerLag(kysely)).toEqual({ results: 0n, seconds: 0 });
  const sums = await sql<{
    readonly checks: bigint;
  }>`select sum(checks)::int8 as checks from server_slots`.execute(kysely);
  expect(sums.rows[0]?.checks).toBe(BigInt(RESULTS));
  expect(await sql`select 1 from scorer_set_aside`.execute(kysely)).toMatchObject({ rows: [] });
});

test("the lag is told in results and seconds", async () => {
  await store([
    { server: 1, monitor: 1, ago: 1, step: 1, score: 1, offsetMs: 1, rttMs: 10 },
    { server: 2, monitor: 1, ago: 1, step: 1, score: 1, offsetMs: 1, rttMs: 10 },
  ]);
  await sql`update result_commits set accepted_at = accepted_at - interval '10 s'`.execute(kysely);
  const lag = await scorerLag(kysely);
  expect(lag.results).toBe(2n);
  expect(lag.seconds).toBeGreaterThanOrEqual(10);
  const scorers = await startScorers();
  await drain(scorers);
  expect(await scorerLag(kysely)).toEqual({ results: 0n, seconds: 0 });
});
