// All rows of a submission in one statement: the assignments, the results, their evidence, and the scorer's queue. A
// result that is older than the assignment's last one counts for the score, but says nothing of how the server is now.

import type { Schema } from "@truechimer/database";
import { sql, type Transaction } from "kysely";
import type { ResultRow } from "./apply-step.ts";

export async function writeResults(
  transaction: Transaction<Schema>,
  monitorId: bigint,
  rows: readonly ResultRow[],
): Promise<void> {
  if (rows.length === 0) return;
  const column = <Key extends keyof ResultRow>(key: Key): ResultRow[Key][] =>
    rows.map((row) => row[key]);
  await sql`
    with input as (
      select * from unnest(
        ${column("logScoreId")}::bigint[], ${column("assignmentId")}::bigint[], ${column("serverId")}::bigint[],
        ${column("at")}::timestamptz[], ${column("scoreBefore")}::float8[], ${column("step")}::float8[],
        ${column("score")}::float8[], ${column("rule")}::text[], ${column("offsetNs")}::bigint[],
        ${column("boundNs")}::bigint[], ${column("rttNs")}::bigint[], ${column("stratum")}::smallint[],
        ${column("leap")}::smallint[], ${column("reason")}::text[], ${column("noResponse")}::boolean[],
        ${column("samplesSent")}::smallint[], ${column("samplesAnswered")}::smallint[],
        ${rows.map(({ evidence }) => (evidence === null ? null : Buffer.from(evidence)))}::bytea[],
        ${column("attributes")}::text[], ${column("countedBatches")}::text[],
        ${column("answerOffsetNs")}::bigint[], ${column("answerBoundNs")}::bigint[],
        ${column("newest")}::boolean[], ${column("leased")}::boolean[]
      ) as t (id, assignment_id, server_id, ts, score_before, step, score, rule, offset_ns, bound_ns, rtt_ns, stratum,
        leap, reason, no_response, samples_sent, samples_answered, evidence, attributes, counted_batches, answer_offset_ns,
        answer_bound_ns, newest, leased)
    ),
    assigned as (
      update server_scores ss set
        score_raw = i.score,
        score_ts = i.ts,
        queue_ts = case when i.leased then greatest(ss.queue_ts, least(i.ts, now())) else ss.queue_ts end,
        stratum = case when i.stratum > 0 then i.stratum else ss.stratum end,
        last_log_score_id = i.id,
        counted_batches = i.counted_batches,
        offset_ns = i.offset_ns,
        bound_ns = i.bound_ns,
        rtt_ns = i.rtt_ns,
        leap = i.leap,
        reason = i.reason,
        no_response = i.no_response,
        last_answer_ts = case when i.answer_bound_ns is null then ss.last_answer_ts else i.ts end,
        answer_offset_ns = case when i.answer_bound_ns is null then ss.answer_offset_ns else i.answer_offset_ns end,
        answer_bound_ns = coalesce(i.answer_bound_ns, ss.answer_bound_ns)
      from input i where ss.id = i.assignment_id and i.newest
    ),
    late as (
      update server_scores ss set score_raw = i.score, counted_batches = i.counted_batches
      from input i where ss.id = i.assignment_id and not i.newest
    ),
    logged as (
      insert into log_scores (id, ts, server_id, monitor_id, score_before, step, score, rule, offset_ns, bound_ns, rtt_ns,
        stratum, leap, reason, no_response, samples_sent, samples_answered, has_evidence, attributes)
      select id, ts, server_id, ${monitorId}::bigint, score_before, step, score, rule, offset_ns, bound_ns, rtt_ns, stratum,
        leap, reason, no_response, samples_sent, samples_answered, evidence is not null, attributes::jsonb
      from input
    ),
    kept as (
      insert into check_evidence (log_score_id, ts, evidence)
      select id, ts, evidence from input where evidence is not null
    )
    insert into score_queue (log_score_id, server_id, monitor_id, ts)
    select id, server_id, ${monitorId}::bigint, ts from input`.execute(transaction);
}
