// One transaction of the overall scorer: takes what waits, gives each result its recent median, and brings up to date
// everything that follows from it (server, history, sums, verdict). A crash leaves the rows in the queue.

import { inTransaction, type Schema, type Timestamptz } from "@truechimer/database";
import { recentMedian, recentMedianRows } from "@truechimer/scoring";
import { withSpan } from "@truechimer/telemetry";
import { sql, type Transaction } from "kysely";
import type { ServerContext } from "../context.ts";
import { reachVerdicts } from "../verdict/reach-verdicts.ts";
import { addToSlots } from "./add-to-slots.ts";
import { loadVotes, type Vote } from "./load-votes.ts";
import { logOverallScores } from "./log-overall-scores.ts";
import { noteLatestResults } from "./note-latest-results.ts";
import { type QueuedResult, takeQueue } from "./take-queue.ts";

/** Rows in one transaction: short enough that a submission never waits long for a server's row. */
export const SCORE_BATCH_ROWS_MAX = 200;

/** The overall score after one result. */
export interface OverallScore {
  readonly trigger: QueuedResult;
  readonly score: number;
  readonly step: number;
  readonly chosen: Vote;
}

/** How many results were taken; 0 when nothing waits. */
export function scoreBatch(context: ServerContext, scorerId: bigint): Promise<number> {
  return withSpan("score batch", {}, async (span) => {
    const taken = await inTransaction(context.database, async (transaction) => {
      const queued = await takeQueue(transaction, SCORE_BATCH_ROWS_MAX);
      if (queued.length === 0) return 0;
      const serverIds = await lockServers(transaction, queued);
      const scores = overallScores(queued, await loadVotes(transaction, queued));
      await logOverallScores(transaction, scorerId, scores);
      await updateScores(transaction, scores);
      await addToSlots(transaction, queued, scores);
      await noteLatestResults(transaction, queued);
      await reachVerdicts(context, transaction, serverIds);
      return queued.length;
    });
    span.setAttribute("truechimer.rows", taken);
    return taken;
  });
}

/** In the order of their ids: whoever writes servers does so in this order. */
async function lockServers(
  transaction: Transaction<Schema>,
  queued: readonly QueuedResult[],
): Promise<readonly bigint[]> {
  const rows = await transaction
    .selectFrom("servers")
    .select("id")
    .where("id", "in", [...new Set(queued.map(({ serverId }) => serverId))])
    .orderBy("id")
    .forNoKeyUpdate()
    .execute();
  return rows.map(({ id }) => id);
}

/** A result without any row to choose from (its monitor was paused since) gives no overall score. */
function overallScores(
  queued: readonly QueuedResult[],
  votes: ReadonlyMap<bigint, readonly Vote[]>,
): readonly OverallScore[] {
  return queued.flatMap((trigger) => {
    const rows = recentMedianRows(votes.get(trigger.logScoreId) ?? [], trigger.atNs);
    const chosen = recentMedian(rows);
    return chosen === undefined
      ? []
      : [{ trigger, chosen, score: chosen.score, step: chosen.step }];
  });
}

async function updateScores(
  transaction: Transaction<Schema>,
  scores: readonly OverallScore[],
): Promise<void> {
  if (scores.length === 0) return;
  const newest = new Map(scores.map((score) => [score.trigger.serverId, score]));
  const rows = [...newest.values()];
  await sql`
    update servers s set score_raw = t.score, score_ts = t.ts
    from unnest(
      ${rows.map(({ trigger }) => trigger.serverId)}::bigint[],
      ${rows.map(({ score }) => score)}::float8[],
      ${rows.map(({ trigger }): Timestamptz => trigger.at)}::timestamptz[]
    ) as t (id, score, ts)
    where s.id = t.id and (s.score_ts is null or s.score_ts < t.ts)`.execute(transaction);
}
