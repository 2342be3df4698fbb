// Results for the history in memory, and how they stand in the database and in the store.

import { systemClock } from "@truechimer/base";
import type { Database } from "@truechimer/database";
import type { HistoryStore } from "@truechimer/history";
import { type Logger, silentLogger } from "@truechimer/telemetry";
import { sql } from "kysely";
import { expect, onTestFinished, vi } from "vitest";
import { HISTORY_SETTINGS, type HistorySettings } from "../src/history/history-settings.ts";
import { createHotHistory, type HotHistory } from "../src/history/hot-history.ts";

export const WAIT = { timeout: 60_000, interval: 5 };
const ALWAYS = { fromUs: Number.NEGATIVE_INFINITY, toUs: Number.POSITIVE_INFINITY };

export const SMALL: Partial<HistorySettings> = {
  chunkRowsFirst: 50,
  chunkRows: 200,
  hotWindowMs: 86_400_000,
  retentionMs: 14 * 86_400_000,
};

/** Started; ends with the test at the latest. */
export function startHistory(
  database: Database,
  settings: Partial<HistorySettings> = SMALL,
  logger: Logger = silentLogger,
): HotHistory {
  const history = createHotHistory({
    database,
    clock: systemClock,
    logger,
    settings: { ...HISTORY_SETTINGS, ...settings },
  });
  onTestFinished(async () => await history[Symbol.asyncDispose]());
  history.start();
  return history;
}

/** The state that a load ends in. */
export async function whenOver(history: HotHistory): Promise<string> {
  await vi.waitFor(
    () =>
      expect(["complete", "complete_capped", "degraded", "failed"]).toContain(
        history.progress().phase,
      ),
    WAIT,
  );
  return history.progress().phase;
}

/** Evenly over the days before now; some failed, some by a scorer, some of the same instant. */
export async function insertResults(
  { kysely }: Database,
  rows: number,
  days: number,
): Promise<void> {
  await sql`
    insert into log_scores (ts, server_id, monitor_id, step, score, offset_ns, bound_ns, rtt_ns, stratum, leap, reason,
      no_response, samples_sent, samples_answered, has_evidence)
    select now() - make_interval(secs => ${days}::float8 * 86400 * (n / 2) * 2 / ${rows}::float8), 1 + n % 7, 1 + n % 3,
      case when n % 11 = 0 then -5 else 1 end, 20 - n % 13, case when n % 11 = 0 then null else n * 1000 - 500000 end,
      n * 100, case when n % 11 = 0 then null else 1000000 + n end, 2, 0,
      case when n % 11 = 0 then 'timeout' end, n % 11 = 0, 3, n % 4, n % 2 = 0
    from generate_series(1, ${rows}::int) n`.execute(kysely);
}

export async function clearResults({ kysely }: Database): Promise<void> {
  await sql`truncate log_scores, result_commits, result_commit_purges`.execute(kysely);
}

export interface KeptRow {
  readonly id: number;
  readonly values: readonly unknown[];
}

export async function storedRows({ kysely }: Database, days: number): Promise<readonly KeptRow[]> {
  const { rows } = await sql<{ readonly id: bigint; readonly text: string }>`
    select id, concat_ws('|', server_id, monitor_id, (extract(epoch from ts) * 1000000)::bigint, coalesce(offset_ns::text, 'NaN'),
      coalesce(rtt_ns::text, 'NaN'), coalesce(bound_ns::text, 'NaN'), score, step, stratum, leap, coalesce(reason, ''),
      no_response, samples_sent, samples_answered, has_evidence) as text
    from log_scores where ts >= now() - make_interval(days => ${days}::int) order by ts, id`.execute(
    kysely,
  );
  return rows.map(({ id, text }) => ({
    id: Number(id),
    values: text.split("|").map((each) => ({ t: "true", f: "false" })[each] ?? each),
  }));
}

export function heldRows(store: HistoryStore): readonly KeptRow[] {
  const rows: KeptRow[] = [];
  store.scan(ALWAYS, (row) => {
    const values = [
      row.serverId,
      row.monitorId,
      row.atUs,
      row.offsetNs,
      row.rttNs,
      row.boundNs,
      row.score,
      row.step,
      row.stratum,
      row.leap,
      row.reason,
      row.noResponse,
      row.samplesSent,
      row.samplesAnswered,
      row.hasEvidence,
    ];
    rows.push({ id: row.id, values: values.map(String) });
  });
  return rows;
}
