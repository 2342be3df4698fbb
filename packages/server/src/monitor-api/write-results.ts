// All rows of several submissions in one statement: the monitors, the assignments, the results, and their evidence.
// A result that is older than the assignment's last one counts for the score, but says nothing of how the server is now.

import type { Schema } from "@truechimer/database";
import { sql, type Transaction } from "kysely";
import type { ResultRow } from "./apply-step.ts";
import type { AppliedSteps } from "./apply-steps.ts";
import type { SubmissionToStore } from "./store-submissions.ts";

export interface AppliedSubmission extends AppliedSteps {
  readonly submission: SubmissionToStore;
}

interface RowToWrite {
  readonly row: ResultRow;
  readonly monitorId: bigint;
}

/** Gives the ids of the results. Assignments are written in the order of their ids, as everybody does who writes several. */
export async function writeResults(
  transaction: Transaction<Schema>,
  applied: readonly AppliedSubmission[],
): Promise<ReadonlyMap<ResultRow, bigint>> {
  const written = applied
    .flatMap(({ submission, rows }) =>
      rows.map((row): RowToWrite => ({ row, monitorId: submission.monitor.id })),
    )
    .toSorted((a, b) => (a.row.assignmentId < b.row.assignmentId ? -1 : 1));
  const column = <Key extends keyof ResultRow>(key: Key): ResultRow[Key][] =>
    written.map(({ row }) => row[key]);
  const { rows } = await sql<{ readonly id: bigint; readonly place: number }>`
    /* prepared: write_results */
    with input as (
      select nextval('log_scores_id_seq') as id, t.* from unnest(
        ${column("assignmentId")}::bigint[], ${column("serverId")}::bigint[],
        ${written.map(({ monitorId }) => monitorId)}::bigint[],
        ${column("at")}::timestamptz[], ${column("scoreBefore")}::float8[], ${column("step")}::float8[],
        ${column("score")}::float8[], ${column("rule")}::text[], ${column("offsetNs")}::bigint[],
        ${column("boundNs")}::bigint[], ${column("rttNs")}::bigint[], ${column("stratum")}::smallint[],
        ${column("leap")}::smallint[], ${column("reason")}::text[], ${column("noResponse")}::boolean[],
        ${column("samplesSent")}::smallint[], ${column("samplesAnswered")}::smallint[],
        ${written.map(({ row: { evidence } }) => (evidence === null ? null : Buffer.from(evidence)))}::bytea[],
        ${column("attributes")}::text[], ${column("countedBatches")}::text[],
        ${column("answerOffsetNs")}::bigint[], ${column("answerBoundNs")}::bigint[],
        ${column("newest")}::boolean[]
      ) with ordinality as t (assignment_id, server_id, monitor_id, ts, score_before, step, score, rule, offset_ns,
        bound_ns, rtt_ns, stratum, leap, reason, no_response, samples_sent, samples_answered, evidence, attributes,
        counted_batches, answer_offset_ns, answer_bound_ns, newest, place)
    ),
    noted as (
      update monitors m set
        last_seen = now(),
        last_submit = greatest(m.last_submit, t.batch_at),
        checks_total = m.checks_total + t.counted
      from unnest(
        ${applied.map(({ submission }) => submission.monitor.id)}::bigint[],
        ${applied.map(({ submission }) => submission.batchAt)}::timestamptz[],
        ${applied.map(({ rows: each }) => each.length)}::int[]
      ) as t (monitor_id, batch_at, counted)
      where m.id = t.monitor_id
    ),
    assigned as (
      update server_scores ss set
        score_raw = i.score,
        score_ts = i.ts,
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
        answer_bound_ns = coalesce(i.answer_bound_ns, ss.answer_bound_ns),
        results_counted = ss.results_counted + 1,
        quality_weight = decayed(ss.quality_weight, ss.score_ts, i.ts) + 1,
        quality_step = blended(ss.quality_step, decayed(ss.quality_weight, ss.score_ts, i.ts), i.step),
        quality_answers = decayed(ss.quality_answers, ss.score_ts, i.ts) + (not i.no_response)::int,
        quality_delay_ms = case when i.rtt_ns is null or i.no_response then ss.quality_delay_ms
          else blended(ss.quality_delay_ms, decayed(ss.quality_answers, ss.score_ts, i.ts), i.rtt_ns / 1e6) end,
        quality_residual_ms = case when i.offset_ns is null then ss.quality_residual_ms else coalesce(
          blended(ss.quality_residual_ms, decayed(ss.quality_answers, ss.score_ts, i.ts), (
            select abs(i.offset_ns::float8 - s.offset_ns) / 1e6 from servers s where s.id = i.server_id)),
          ss.quality_residual_ms) end
      from input i where ss.id = i.assignment_id and i.newest
    ),
    late as (
      update server_scores ss set score_raw = i.score, counted_batches = i.counted_batches,
        results_counted = ss.results_counted + 1
      from input i where ss.id = i.assignment_id and not i.newest
    ),
    logged as (
      insert into log_scores (id, ts, server_id, monitor_id, score_before, step, score, rule, offset_ns, bound_ns, rtt_ns,
        stratum, leap, reason, no_response, samples_sent, samples_answered, has_evidence, attributes)
      select id, ts, server_id, monitor_id, score_before, step, score, rule, offset_ns, bound_ns, rtt_ns, stratum,
        leap, reason, no_response, samples_sent, samples_answered, evidence is not null, attributes::jsonb
      from input
    ),
    kept as (
      insert into check_evidence (log_score_id, ts, evidence)
      select id, ts, evidence from input where evidence is not null
    )
    select id, place::int as place from input`.execute(transaction);
  return new Map(
    rows.flatMap(({ id, place }) => {
      const row = written[place - 1]?.row;
      return row === undefined ? [] : [[row, id] as const];
    }),
  );
}
