// The scorer `every`: one score a server, stepped by each result of any monitor. A late result steps it when it comes.

import type { Schema, Timestamptz } from "@truechimer/database";
import { EVERY_RULE_SET, everyScore, ruleSetText } from "@truechimer/scoring";
import { sql, type Transaction } from "kysely";
import { logScores, type ScorerRow, type ScorerStep, scorerRows } from "./log-scores.ts";
import { type QueuedResult, timesOf } from "./take-queue.ts";

/** The servers' rows are locked by the caller, so that nobody else steps their scores meanwhile. */
export async function scoreEvery(
  transaction: Transaction<Schema>,
  scorerId: bigint,
  queued: readonly QueuedResult[],
): Promise<void> {
  const serverIds = [...new Set(queued.map(({ serverId }) => serverId))];
  const own = await scorerRows(transaction, scorerId, serverIds);
  const steps = stepsOf(queued, await loadResults(transaction, queued), own);
  const ruleSet = ruleSetText(EVERY_RULE_SET);
  await logScores(transaction, { scorerId, ruleSet, own, steps });
  await updateScores(transaction, scorerId, steps);
}

interface ResultRow {
  readonly id: bigint;
  readonly step: number;
  readonly offset_ns: bigint | null;
  readonly rtt_ns: bigint | null;
  readonly attributes: unknown;
}

async function loadResults(
  transaction: Transaction<Schema>,
  queued: readonly QueuedResult[],
): Promise<ReadonlyMap<bigint, ResultRow>> {
  const { first, last } = timesOf(queued);
  const result = await sql<ResultRow>`
    select l.id, l.step, l.offset_ns, l.rtt_ns, l.attributes
    from unnest(
      ${queued.map(({ logScoreId }) => logScoreId)}::bigint[], ${queued.map(({ at }) => at)}::timestamptz[]
    ) as t (id, ts)
    join log_scores l on l.id = t.id and l.ts = t.ts and l.ts between ${first} and ${last}`.execute(
    transaction,
  );
  return new Map(result.rows.map((row) => [row.id, row]));
}

function stepsOf(
  queued: readonly QueuedResult[],
  results: ReadonlyMap<bigint, ResultRow>,
  own: ReadonlyMap<bigint, ScorerRow>,
): readonly ScorerStep[] {
  const scores = new Map([...own].map(([serverId, { score_raw }]) => [serverId, score_raw]));
  return queued.flatMap((trigger) => {
    const result = results.get(trigger.logScoreId);
    // Its day has been dropped since.
    if (result === undefined) return [];
    const scoreBefore = scores.get(trigger.serverId) ?? 0;
    const offsetNs = result.offset_ns ?? undefined;
    const score = everyScore(scoreBefore, { step: result.step, offsetNs });
    scores.set(trigger.serverId, score);
    const { step, attributes } = result;
    return [
      {
        trigger,
        scoreBefore,
        step,
        score,
        offsetNs,
        rttNs: result.rtt_ns ?? undefined,
        attributes,
      },
    ];
  });
}

async function updateScores(
  transaction: Transaction<Schema>,
  scorerId: bigint,
  steps: readonly ScorerStep[],
): Promise<void> {
  const last = [...new Map(steps.map((step) => [step.trigger.serverId, step])).values()];
  await sql`
    update server_scores ss set score_raw = t.score, score_ts = greatest(ss.score_ts, t.ts)
    from unnest(
      ${last.map(({ trigger }) => trigger.serverId)}::bigint[],
      ${last.map(({ score }) => score)}::float8[],
      ${last.map(({ trigger }): Timestamptz => trigger.at)}::timestamptz[]
    ) as t (server_id, score, ts)
    where ss.server_id = t.server_id and ss.monitor_id = ${scorerId}`.execute(transaction);
}
