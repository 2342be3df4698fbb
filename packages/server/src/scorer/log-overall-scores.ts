// The history of overall scores, beside those of the monitors and under the scorer's own id, and the scorer's own
// assignment, whose last result is the newest row of that history.

import { nsFromTimestamptz, type Schema, type Timestamptz } from "@truechimer/database";
import { RECENT_MEDIAN_RULE_SET, ruleSetText } from "@truechimer/scoring";
import { sql, type Transaction } from "kysely";
import { isNewScore, type LoggedScore } from "./is-new-score.ts";
import type { OverallScore } from "./score-batch.ts";

interface ScorerRow {
  readonly id: bigint;
  readonly server_id: bigint;
  readonly logged_ts: Timestamptz | null;
  readonly logged_score: number | null;
}

export async function logOverallScores(
  transaction: Transaction<Schema>,
  scorerId: bigint,
  scores: readonly OverallScore[],
): Promise<void> {
  if (scores.length === 0) return;
  const serverIds = [...new Set(scores.map(({ trigger }) => trigger.serverId))];
  const own = await scorerRows(transaction, scorerId, serverIds);
  const worthIt = newScores(scores, own);
  if (worthIt.length > 0) await insertHistory(transaction, { scorerId, worthIt, own });
  await updateScorerRows(transaction, scorerId, scores);
}

/** Made where it is missing; what is there is never reset. */
async function scorerRows(
  transaction: Transaction<Schema>,
  scorerId: bigint,
  serverIds: readonly bigint[],
): Promise<ReadonlyMap<bigint, ScorerRow>> {
  await sql`
    insert into server_scores (server_id, monitor_id, status)
    select id, ${scorerId}::bigint, 'active' from unnest(${serverIds}::bigint[]) as t (id) order by id
    on conflict (server_id, monitor_id) do nothing`.execute(transaction);
  const result = await sql<ScorerRow>`
    select ss.id, ss.server_id, l.ts as logged_ts, l.score as logged_score
    from server_scores ss
    left join log_scores l on l.id = ss.last_log_score_id and l.ts = ss.last_answer_ts
    where ss.monitor_id = ${scorerId} and ss.server_id = any(${serverIds}::bigint[])`.execute(
    transaction,
  );
  return new Map(result.rows.map((row) => [row.server_id, row]));
}

function newScores(
  scores: readonly OverallScore[],
  own: ReadonlyMap<bigint, ScorerRow>,
): readonly OverallScore[] {
  const last = new Map<bigint, LoggedScore>();
  for (const [serverId, { logged_ts, logged_score }] of own) {
    if (logged_ts === null || logged_score === null) continue;
    last.set(serverId, { atNs: nsFromTimestamptz(logged_ts), score: logged_score });
  }
  return scores.filter(({ trigger, score }) => {
    const next = { atNs: trigger.atNs, score };
    if (!isNewScore(next, last.get(trigger.serverId))) return false;
    last.set(trigger.serverId, next);
    return true;
  });
}

/** The newest kept row is found again by the scorer's `last_log_score_id` and `last_answer_ts`. */
async function insertHistory(
  transaction: Transaction<Schema>,
  input: {
    readonly scorerId: bigint;
    readonly worthIt: readonly OverallScore[];
    readonly own: ReadonlyMap<bigint, ScorerRow>;
  },
): Promise<void> {
  const { scorerId, worthIt, own } = input;
  const attributes = worthIt.map(({ trigger, chosen }) => {
    const kept = typeof chosen.attributes === "object" ? chosen.attributes : {};
    return JSON.stringify({
      ...kept,
      from_ls_id: Number(trigger.logScoreId),
      from_ss_id: Number(own.get(trigger.serverId)?.id ?? 0n),
      chosen_ls_id: Number(chosen.logScoreId),
    });
  });
  await sql`
    with inserted as (
      insert into log_scores (ts, server_id, monitor_id, step, score, rule, attributes)
      select ts, server_id, ${scorerId}::bigint, step, score, ${ruleSetText(RECENT_MEDIAN_RULE_SET)}, attributes::jsonb
      from unnest(
        ${worthIt.map(({ trigger }) => trigger.at)}::timestamptz[],
        ${worthIt.map(({ trigger }) => trigger.serverId)}::bigint[],
        ${worthIt.map(({ step }) => step)}::float8[],
        ${worthIt.map(({ score }) => score)}::float8[],
        ${attributes}::text[]
      ) as t (ts, server_id, step, score, attributes)
      returning id, ts, server_id
    ),
    newest as (
      select distinct on (server_id) server_id, id, ts from inserted order by server_id, ts desc, id desc
    )
    update server_scores ss set last_log_score_id = newest.id, last_answer_ts = newest.ts
    from newest where ss.server_id = newest.server_id and ss.monitor_id = ${scorerId}`.execute(
    transaction,
  );
}

async function updateScorerRows(
  transaction: Transaction<Schema>,
  scorerId: bigint,
  scores: readonly OverallScore[],
): Promise<void> {
  const rows = [...new Map(scores.map((score) => [score.trigger.serverId, score])).values()];
  await sql`
    update server_scores ss set score_raw = t.score, score_ts = t.ts
    from unnest(
      ${rows.map(({ trigger }) => trigger.serverId)}::bigint[],
      ${rows.map(({ score }) => score)}::float8[],
      ${rows.map(({ trigger }) => trigger.at)}::timestamptz[]
    ) as t (server_id, score, ts)
    where ss.server_id = t.server_id and ss.monitor_id = ${scorerId}
      and (ss.score_ts is null or ss.score_ts < t.ts)`.execute(transaction);
}
