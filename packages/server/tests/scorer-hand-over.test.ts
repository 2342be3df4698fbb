// The upgrade from the queue of results to the order of commits (migration 0015): what waited in the queue is scored once,
// what had been scored is not scored again, and a submission that is under way meanwhile is lost to nobody.

import { copyFileSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createUlid, systemClock, systemRandom } from "@truechimer/base";
import { migrate } from "@truechimer/database";
import { createMetrics, silentLogger } from "@truechimer/telemetry";
import { type TestDatabase, withTemplateDatabase } from "@truechimer/testing-postgres";
import { sql } from "kysely";
import { expect, onTestFinished, test, vi } from "vitest";
import type { ServerContext } from "../src/context.ts";
import { LOCAL_POLICY } from "../src/index.ts";
import { createRuleSets } from "../src/rules/rule-sets.ts";
import { scorerLag } from "../src/scorer/scorer-lag.ts";
import { createScorerWorker, type ScorerWorker } from "../src/scorer/scorer-worker.ts";
import { createServerMetrics } from "../src/server-metrics.ts";

const WAIT = { timeout: 20_000, interval: 50 };
const LIMIT_MS = 60_000;
const FILES: string = fileURLToPath(new URL("../../database/migrations", import.meta.url));
const LAST_WITH_QUEUE = "0014";
const appliedBy = "test";

/** The files of the release that scored from a queue. */
function olderFiles(): string {
  const directory = mkdtempSync(join(tmpdir(), "truechimer-older-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  for (const name of readdirSync(FILES)) {
    if (name.slice(0, 4) <= LAST_WITH_QUEUE) {
      copyFileSync(join(FILES, name), join(directory, name));
    }
  }
  return directory;
}

/** Three servers that one monitor watches, each with a score `every` of 10 from results that were scored. */
const OLDER_STATE = `
  insert into servers (name, ip, port, ip_version)
    select 's' || i, ('192.0.2.' || i)::inet, 123, 'v4' from generate_series(1, 3) i;
  insert into monitors (id_token, hostname, ip, ip_version, status) values ('m', 'm', '198.51.100.1', 'v4', 'active');
  insert into monitors (id_token, type, hostname, status)
    values ('e', 'score', 'every', 'active'), ('r', 'score', 'recentmedian', 'active');
  insert into server_scores (server_id, monitor_id, status, score_raw, score_ts)
    select s.id, m.id, 'active', case m.hostname when 'every' then 10 else 0 end, now() - interval '1 hour'
    from servers s, monitors m;
  insert into log_scores (ts, server_id, monitor_id, step, score)
    select now() - interval '1 hour', id, 1, 1, 10 from servers;`;

/** A result as that release stored one: the row, and its place in the queue. */
const storeResult = (server: number, minutesAgo: number, step: number): string => `
  with logged as (
    insert into log_scores (ts, server_id, monitor_id, step, score)
    values (now() - interval '${minutesAgo} min', ${server}, 1, ${step}, ${step})
    returning id, server_id, monitor_id, ts
  )
  insert into score_queue (log_score_id, server_id, monitor_id, ts) select id, server_id, monitor_id, ts from logged;`;

async function withOlderDatabase(work: (database: TestDatabase) => Promise<void>): Promise<void> {
  await withTemplateDatabase(
    async (database) => {
      await migrate(database, { appliedBy, directory: olderFiles() });
      await database.pool.query(OLDER_STATE);
      await work(database);
    },
    { migrated: false },
  );
}

async function withScorer(
  database: TestDatabase,
  work: (scorer: ScorerWorker) => Promise<void>,
): Promise<void> {
  const metricsRegistry = createMetrics({ version: "0.0.0-test" });
  await using scorer = createScorerWorker({
    database,
    replicaId: createUlid(systemClock, systemRandom),
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
    metrics: createServerMetrics(metricsRegistry),
    metricsRegistry,
    policy: LOCAL_POLICY,
    ruleSets: createRuleSets(),
  } as unknown as ServerContext);
  await work(scorer);
}

async function drain(scorer: ScorerWorker): Promise<number> {
  let total = 0;
  for (;;) {
    const { results, more } = await scorer.pass();
    total += results;
    if (results === 0 && !more) return total;
  }
}

/** The score `every` of each server. */
async function scores({ kysely }: TestDatabase): Promise<readonly number[]> {
  const { rows } = await sql<{ readonly score: number }>`
    select ss.score_raw as score from server_scores ss join monitors m on m.id = ss.monitor_id
    where m.hostname = 'every' order by ss.server_id`.execute(kysely);
  return rows.map(({ score }) => score);
}

const after = (before: number, ...steps: readonly number[]): number =>
  steps.reduce((score, step) => score * 0.95 + step, before);

test("what waits at an upgrade is scored once, and nothing else", {
  timeout: LIMIT_MS,
}, async () => {
  await withOlderDatabase(async (database) => {
    for (const [server, minutesAgo, step] of [
      [1, 9, 1],
      [1, 8, -5],
      [2, 7, 0.5],
    ] as const) {
      await database.pool.query(storeResult(server, minutesAgo, step));
    }
    await migrate(database, { appliedBy });
    expect((await scorerLag(database.kysely)).results).toBe(3n);
    await withScorer(database, async (scorer) => {
      expect(await drain(scorer)).toBe(3);
      const expected = [after(10, 1, -5), after(10, 0.5), 10];
      expect(await scores(database)).toEqual(expected);
      expect(await drain(scorer)).toBe(0);
      expect(await scores(database)).toEqual(expected);
    });
    const { rows } = await database.pool.query<{ checks: bigint }>(
      "select sum(checks)::int8 as checks from server_slots",
    );
    expect(rows).toEqual([{ checks: 3n }]);
  });
});

test("a server that was set aside still is, and scored when it is due", {
  timeout: LIMIT_MS,
}, async () => {
  await withOlderDatabase(async (database) => {
    await database.pool.query(storeResult(2, 6, 1));
    await database.pool.query(storeResult(2, 5, -5));
    await database.pool.query(
      "update score_queue set failures = 3, retry_at = now() + interval '10 min', last_error = 'internal'",
    );
    await migrate(database, { appliedBy });
    await withScorer(database, async (scorer) => {
      expect(await drain(scorer)).toBe(0);
      expect(await scores(database)).toEqual([10, 10, 10]);
      const { rows } = await database.pool.query(
        "select server_id, failures, last_error from scorer_set_aside",
      );
      expect(rows).toEqual([{ server_id: 2n, failures: 3, last_error: "internal" }]);
      await database.pool.query("update scorer_set_aside set retry_at = now()");
      expect(await drain(scorer)).toBe(2);
      expect(await scores(database)).toEqual([10, after(10, 1, -5), 10]);
    });
  });
});

test("a result that is being stored while the migration waits is scored once", {
  timeout: LIMIT_MS,
}, async () => {
  await withOlderDatabase(async (database) => {
    const submission = await database.pool.connect();
    try {
      await submission.query("begin");
      await submission.query(storeResult(3, 2, 1));
      const migrated = migrate(database, { appliedBy });
      await vi.waitFor(async () => {
        const { rowCount } = await database.pool.query(
          `select from pg_locks where mode = 'AccessExclusiveLock' and not granted
             and database = (select oid from pg_database where datname = current_database())`,
        );
        expect(rowCount).toBe(1);
      }, WAIT);
      await submission.query("commit");
      expect(await migrated).toContain("0015_create_scorer_shards");
    } finally {
      submission.release();
    }
    await withScorer(database, async (scorer) => {
      expect(await drain(scorer)).toBe(1);
      expect(await scores(database)).toEqual([10, 10, after(10, 1)]);
    });
  });
});
