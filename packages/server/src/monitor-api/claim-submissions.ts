// Whose submissions a transaction counts, and which of them were counted before.

import { create, toBinary } from "@bufbuild/protobuf";
import { monitorV2 } from "@truechimer/api";
import type { Schema, Timestamptz } from "@truechimer/database";
import { sql, type Transaction } from "kysely";
import type { StatusRefusal } from "./parse-status.ts";
import type { StoreOutcome, SubmissionToStore } from "./store-submissions.ts";

/**
 * The one lock of the monitors' submissions: who holds a monitor's row has its assignments and its submissions to
 * himself. Gives the times of their last batches.
 */
export async function lockMonitors(
  transaction: Transaction<Schema>,
  submissions: readonly SubmissionToStore[],
): Promise<ReadonlyMap<bigint, Timestamptz | null>> {
  const { rows } = await sql<{ readonly id: bigint; readonly last_submit: Timestamptz | null }>`
    /* prepared: lock_submitting_monitors */
    select m.id, m.last_submit from monitors m
    where m.id = any(${submissions.map(({ monitor }) => monitor.id)}::bigint[])
    order by m.id for no key update of m`.execute(transaction);
  return new Map(rows.map(({ id, last_submit }) => [id, last_submit]));
}

/** Whoever inserts the row counts the submission. Gives those that were counted before, with the answer of that time. */
export async function claimSubmissions(
  transaction: Transaction<Schema>,
  submissions: readonly SubmissionToStore[],
): Promise<ReadonlyMap<SubmissionToStore, StoreOutcome>> {
  const of = <Value>(value: (each: SubmissionToStore) => Value): Value[] => submissions.map(value);
  const { rows } = await sql<{ readonly monitor_id: bigint }>`
    /* prepared: claim_submissions */
    insert into submissions (monitor_id, submission_id, statuses, trace_id)
    select * from unnest(
      ${of(({ monitor }) => monitor.id)}::bigint[], ${of(({ submissionId }) => submissionId)}::text[],
      ${of(({ statuses, traceroutes }) => statuses.length + traceroutes.length)}::int[],
      ${of(({ traceId }) => traceId ?? null)}::text[]
    )
    on conflict (monitor_id, submission_id) do nothing
    returning monitor_id`.execute(transaction);
  const claimed = new Set(rows.map(({ monitor_id }) => monitor_id));
  const before = submissions.filter(({ monitor }) => !claimed.has(monitor.id));
  return before.length === 0 ? new Map() : answersOf(transaction, before);
}

async function answersOf(
  transaction: Transaction<Schema>,
  before: readonly SubmissionToStore[],
): Promise<ReadonlyMap<SubmissionToStore, StoreOutcome>> {
  const { rows } = await sql<{ readonly monitor_id: bigint; readonly answer: Uint8Array | null }>`
    select s.monitor_id, s.answer
    from unnest(
      ${before.map(({ monitor }) => monitor.id)}::bigint[],
      ${before.map(({ submissionId }) => submissionId)}::text[]
    ) as t (monitor_id, submission_id)
    join submissions s on s.monitor_id = t.monitor_id and s.submission_id = t.submission_id`.execute(
    transaction,
  );
  const answers = new Map(rows.map(({ monitor_id, answer }) => [monitor_id, answer]));
  return new Map(
    before.map((each) => {
      const answer = answers.get(each.monitor.id) ?? undefined;
      return [each, { kind: "duplicate", answer }];
    }),
  );
}

/** Of submissions that are refused as a whole: another attempt finds nothing of them. */
export async function giveBack(
  transaction: Transaction<Schema>,
  refused: readonly SubmissionToStore[],
): Promise<void> {
  await sql`
    delete from submissions s
    using unnest(
      ${refused.map(({ monitor }) => monitor.id)}::bigint[],
      ${refused.map(({ submissionId }) => submissionId)}::text[]
    ) as t (monitor_id, submission_id)
    where s.monitor_id = t.monitor_id and s.submission_id = t.submission_id`.execute(transaction);
}

/** For repetitions, which are told the same. */
export async function keepAnswers(
  transaction: Transaction<Schema>,
  answers: readonly {
    readonly submission: SubmissionToStore;
    readonly refusals: readonly StatusRefusal[];
  }[],
): Promise<void> {
  if (answers.length === 0) return;
  await sql`
    update submissions s set answer = t.answer
    from unnest(
      ${answers.map(({ submission }) => submission.monitor.id)}::bigint[],
      ${answers.map(({ submission }) => submission.submissionId)}::text[],
      ${answers.map(({ refusals }) => answerBytes(refusals))}::bytea[]
    ) as t (monitor_id, submission_id, answer)
    where s.monitor_id = t.monitor_id and s.submission_id = t.submission_id`.execute(transaction);
}

function answerBytes(refusals: readonly StatusRefusal[]): Buffer {
  const answer = create(monitorV2.SubmitResultsResponseSchema, {
    ok: true,
    refused: refusals.map((each) => create(monitorV2.RefusedStatusSchema, each)),
  });
  return Buffer.from(toBinary(monitorV2.SubmitResultsResponseSchema, answer));
}
