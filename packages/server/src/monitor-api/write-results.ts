// All rows of several submissions in one statement: the monitors, the assignments, the results, and their evidence.
// A result that is older than the assignment's last one counts for the score, but says nothing of how the server is now.

import {
  encodeRows,
  type RowWriter,
  type Schema,
  timestamptzFromUnixUs,
} from "@truechimer/database";
import { type Kysely, sql } from "kysely";
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

/**
 * Assignments are written in the order of their ids, as everybody does who writes several. Each is written where its row
 * was when it was read, which spares the way through the index; one that somebody else has written since lies elsewhere,
 * and is found by its key.
 */
export async function writeResults(
  transaction: Kysely<Schema>,
  applied: readonly AppliedSubmission[],
): Promise<void> {
  const written = applied
    .flatMap(({ submission, rows }) =>
      rows.map((row): RowToWrite => ({ row, monitorId: submission.monitor.id })),
    )
    .toSorted((a, b) => (a.row.assignmentId < b.row.assignmentId ? -1 : 1));
  const input = encodeRows(written, COUNTED_RESULT_COLUMNS, writeRow);
  const { rows: told } = await sql<{ readonly assigned: number }>`
    /* prepared: write_results */
    with input as (
      select * from unnest(${input}::counted_result[])
    ),
    noted as (
      update monitors m set
        last_seen = now(),
        last_submit = greatest(m.last_submit, t.batch_at),
        checks_total = m.checks_total + t.counted
      from unnest(
        ${applied.map(({ submission }) => submission.monitor.id)}::bigint[],
        ${applied.map(({ submission }) => timestamptzFromUnixUs(submission.batchAtUs))}::timestamptz[],
        ${applied.map(({ rows: each }) => each.length)}::int[]
      ) as t (monitor_id, batch_at, counted)
      where m.id = t.monitor_id
    ),
    assigned as (
      ${ASSIGN} where ss.ctid = i.place and ss.server_id = i.server_id and ss.monitor_id = i.monitor_id and i.newest
      returning ss.id
    ),
    late as (
      update server_scores ss set score_raw = i.score, counted_batches = i.counted_batches,
        results_counted = ss.results_counted + 1
      from input i where ss.server_id = i.server_id and ss.monitor_id = i.monitor_id and not i.newest
    ),
    kept as (
      insert into check_evidence (log_score_id, ts, evidence)
      select id, ts, evidence from input where evidence is not null
    ),
    stored as (
      insert into log_scores (id, ts, server_id, monitor_id, score_before, step, score, rule, offset_ns, bound_ns, rtt_ns,
        stratum, leap, reason, no_response, samples_sent, samples_answered, has_evidence, attributes)
      select id, ts, server_id, monitor_id, score_before, step, score, rule, offset_ns, bound_ns, rtt_ns, stratum,
        leap, reason, no_response, samples_sent, samples_answered, evidence is not null, attributes
      from input
    )
    select count(*)::int as assigned from assigned`.execute(transaction);
  const newest = written.filter(({ row }) => row.newest).length;
  if (told[0]?.assigned !== newest) await assignMoved(transaction, input);
}

/** Nobody but whoever holds the monitor's row writes a result's number. */
async function assignMoved(transaction: Kysely<Schema>, input: Buffer): Promise<void> {
  await sql`
    /* prepared: assign_moved_results */
    with input as (
      select * from unnest(${input}::counted_result[])
    )
    ${ASSIGN} where ss.server_id = i.server_id and ss.monitor_id = i.monitor_id and i.newest
      and ss.last_log_score_id is distinct from i.id`.execute(transaction);
}

/** What a result says of how the server is now, from `input i` to `server_scores ss`. */
const ASSIGN = sql`
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
        quality_weight = weight_kept(ss.quality_weight, i.weight_kept) + 1,
        quality_step = (ss.quality_step * weight_kept(ss.quality_weight, i.weight_kept) + i.step)
          / (weight_kept(ss.quality_weight, i.weight_kept) + 1),
        quality_answers = weight_kept(ss.quality_answers, i.weight_kept) + (not i.no_response)::int,
        quality_delay_ms = case when i.delay_ms is null then ss.quality_delay_ms else
          (coalesce(ss.quality_delay_ms, i.delay_ms) * weight_kept(ss.quality_answers, i.weight_kept) + i.delay_ms)
          / (weight_kept(ss.quality_answers, i.weight_kept) + 1) end,
        quality_residual_ms = case when i.residual_ms is null then ss.quality_residual_ms else
          (coalesce(ss.quality_residual_ms, i.residual_ms) * weight_kept(ss.quality_answers, i.weight_kept) + i.residual_ms)
          / (weight_kept(ss.quality_answers, i.weight_kept) + 1) end
      from input i`;

const COUNTED_RESULT_COLUMNS = 27;

/** The columns of the type `counted_result`, in its order. */
function writeRow({ row, monitorId }: RowToWrite, out: RowWriter): void {
  out.int8(row.id);
  out.int8(row.serverId);
  out.int8(monitorId);
  out.timestamptz(row.atNs);
  out.float8(row.scoreBefore);
  out.float8(row.step);
  out.float8(row.score);
  out.text(row.rule);
  out.int8(row.offsetNs);
  out.int8(row.boundNs);
  out.int8(row.rttNs);
  out.int2(row.stratum);
  out.int2(row.leap);
  out.text(row.reason);
  out.bool(row.noResponse);
  out.int2(row.samplesSent);
  out.int2(row.samplesAnswered);
  out.bytea(row.evidence);
  out.jsonb(row.attributes);
  out.text(row.countedBatches);
  out.bool(row.newest);
  out.int8(row.answerOffsetNs);
  out.int8(row.answerBoundNs);
  out.float8(row.weightKept);
  out.float8(row.delayMs);
  out.float8(row.residualMs);
  out.tid(row.assignmentTid);
}
