// The scorer `recentmedian`: the overall score of a server after each result, in the server's row, in the scorer's own
// assignment, and in its history.

import type { Schema, Timestamptz } from "@truechimer/database";
import {
  RECENT_MEDIAN_RULE_SET,
  recentMedian,
  recentMedianRows,
  ruleSetText,
} from "@truechimer/scoring";
import { sql, type Transaction } from "kysely";
import { loadVotes, type Vote } from "./load-votes.ts";
import { logScores, type ScorerStep, scorerRows } from "./log-scores.ts";
import type { QueuedResult } from "./take-queue.ts";

/** The overall score after one result. */
export interface OverallScore {
  readonly trigger: QueuedResult;
  readonly score: number;
  readonly step: number;
  readonly chosen: Vote;
}

/** The servers' rows are locked by the caller. */
export async function scoreRecentMedian(
  transaction: Transaction<Schema>,
  scorerId: bigint,
  queued: readonly QueuedResult[],
): Promise<readonly OverallScore[]> {
  const scores = overallScores(queued, await loadVotes(transaction, queued));
  if (scores.length === 0) return scores;
  const serverIds = [...new Set(scores.map(({ trigger }) => trigger.serverId))];
  const own = await scorerRows(transaction, scorerId, serverIds);
  const ruleSet = ruleSetText(RECENT_MEDIAN_RULE_SET);
  await logScores(transaction, { scorerId, ruleSet, own, steps: scores.map(stepOf) });
  await updateScores(transaction, scorerId, scores);
  return scores;
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

function stepOf({ trigger, score, step, chosen }: OverallScore): ScorerStep {
  const { attributes, logScoreId: chosenId } = chosen;
  return { trigger, score, step, attributes, chosenId };
}

/** The newest result's score, unless a newer one is known. */
async function updateScores(
  transaction: Transaction<Schema>,
  scorerId: bigint,
  scores: readonly OverallScore[],
): Promise<void> {
  const rows = [...new Map(scores.map((score) => [score.trigger.serverId, score])).values()];
  const newest = sql`unnest(
    ${rows.map(({ trigger }) => trigger.serverId)}::bigint[],
    ${rows.map(({ score }) => score)}::float8[],
    ${rows.map(({ trigger }): Timestamptz => trigger.at)}::timestamptz[],
    ${rows.map(({ trigger }) => trigger.logScoreId)}::bigint[],
    ${rows.map(({ chosen }) => chosen.logScoreId)}::bigint[]
  ) as t (server_id, score, ts, caused_by_id, chosen_id)`;
  await sql`
    update server_scores ss set score_raw = t.score, score_ts = t.ts, caused_by_id = t.caused_by_id,
      chosen_id = t.chosen_id
    from ${newest}
    where ss.server_id = t.server_id and ss.monitor_id = ${scorerId}
      and (ss.score_ts is null or ss.score_ts < t.ts)`.execute(transaction);
  await sql`
    update servers s set score_raw = t.score, score_ts = t.ts
    from ${newest}
    where s.id = t.server_id and (s.score_ts is null or s.score_ts < t.ts)`.execute(transaction);
}
