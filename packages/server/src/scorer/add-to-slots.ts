// Sums for lists and sparklines: each result goes into its server's quarter of an hour and its monitor's five minutes, in
// the transaction that takes it from the queue, so once.

import type { Schema } from "@truechimer/database";
import { sql, type Transaction } from "kysely";
import type { OverallScore } from "./score-recent-median.ts";
import { type QueuedResult, timesOf } from "./take-queue.ts";

export async function addToSlots(
  transaction: Transaction<Schema>,
  queued: readonly QueuedResult[],
  scores: readonly OverallScore[],
): Promise<void> {
  const { first, last } = timesOf(queued);
  const byTrigger = new Map(scores.map((score) => [score.trigger.logScoreId, score.score]));
  const results = sql`
    select l.server_id, l.monitor_id, l.ts, l.reason, l.no_response, l.samples_sent, l.samples_answered, t.score
    from unnest(
      ${queued.map(({ logScoreId }) => logScoreId)}::bigint[],
      ${queued.map(({ at }) => at)}::timestamptz[],
      ${queued.map(({ logScoreId }) => byTrigger.get(logScoreId) ?? null)}::float8[]
    ) as t (id, ts, score)
    join log_scores l on l.id = t.id and l.ts = t.ts and l.ts between ${first} and ${last}`;
  await addToServerSlots(transaction, results);
  await addToMonitorSlots(transaction, results);
}

type Results = ReturnType<typeof sql>;

async function addToServerSlots(transaction: Transaction<Schema>, results: Results): Promise<void> {
  await sql`
    insert into server_slots as slot (server_id, slot_ts, checks, checks_failed, checks_without_answer, samples_sent,
      samples_answered, score, score_min)
    select server_id, date_bin('15 minutes', ts, timestamptz '2000-01-01 00:00:00Z') as slot_ts, count(*),
      count(reason), count(*) filter (where no_response), sum(samples_sent), sum(samples_answered),
      (array_agg(score order by ts desc) filter (where score is not null))[1], min(score)
    from (${results}) results
    group by server_id, slot_ts
    order by server_id, slot_ts
    on conflict (server_id, slot_ts) do update set
      checks = slot.checks + excluded.checks,
      checks_failed = slot.checks_failed + excluded.checks_failed,
      checks_without_answer = slot.checks_without_answer + excluded.checks_without_answer,
      samples_sent = slot.samples_sent + excluded.samples_sent,
      samples_answered = slot.samples_answered + excluded.samples_answered,
      score = coalesce(excluded.score, slot.score),
      score_min = least(excluded.score_min, slot.score_min)`.execute(transaction);
}

/** In the order of the monitors, so that two scorers never wait for each other in a circle. */
async function addToMonitorSlots(
  transaction: Transaction<Schema>,
  results: Results,
): Promise<void> {
  await sql`
    insert into monitor_slots as slot (monitor_id, slot_ts, checks, checks_failed, checks_without_answer)
    select monitor_id, date_bin('5 minutes', ts, timestamptz '2000-01-01 00:00:00Z') as slot_ts, count(*), count(reason),
      count(*) filter (where no_response)
    from (${results}) results
    group by monitor_id, slot_ts
    order by monitor_id, slot_ts
    on conflict (monitor_id, slot_ts) do update set
      checks = slot.checks + excluded.checks,
      checks_failed = slot.checks_failed + excluded.checks_failed,
      checks_without_answer = slot.checks_without_answer + excluded.checks_without_answer`.execute(
    transaction,
  );
}
