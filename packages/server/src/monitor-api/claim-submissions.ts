// Whose submissions a transaction counts, and which of them were counted before.

import { create, toBinary } from "@bufbuild/protobuf";
import { monitorV2 } from "@truechimer/api";
import type { Schema, Timestamptz } from "@truechimer/database";
import { type Kysely, sql } from "kysely";
import { MONITOR_MARK } from "./monitor-mark.ts";
import type { StatusRefusal } from "./parse-status.ts";
import type { StoreOutcome, SubmissionToStore } from "./store-submissions.ts";

/** What the monitors' rows and their submissions say of a transaction. Of a monitor that has changed: nothing. */
export interface Claims {
  /** When the last batch of each monitor was handed out. */
  readonly lastSubmits: ReadonlyMap<bigint, Timestamptz | null>;
  /** Whoever inserts the row counts the submission: the ids of the monitors whose submissions this transaction counts. */
  readonly claimed: ReadonlySet<bigint>;
}

/**
 * The one lock of the monitors' submissions: who holds a monitor's row has its assignments and its submissions to
 * himself.
 */
export async function claimSubmissions(
  transaction: Kysely<Schema>,
  submissions: readonly SubmissionToStore[],
): Promise<Claims> {
  const of = <Value>(value: (each: SubmissionToStore) => Value): Value[] => submissions.map(value);
  const { rows } = await sql<ClaimRow>`
    /* prepared: claim_submissions */
    with asked as materialized (
      select * from unnest(
        ${of(({ monitor }) => monitor.id)}::bigint[], ${of(({ submissionId }) => submissionId)}::text[],
        ${of(({ statuses, traceroutes }) => statuses.length + traceroutes.length)}::int[],
        ${of(({ traceId }) => traceId ?? null)}::text[], ${of(({ monitor }) => monitor.mark)}::bigint[]
      ) as t (monitor_id, submission_id, statuses, trace_id, mark)
    ),
    locked as materialized (
      select m.id, m.last_submit from asked join monitors m on m.id = asked.monitor_id
      where ${MONITOR_MARK} = asked.mark
      order by m.id for no key update of m
    ),
    claimed as (
      insert into submissions (monitor_id, submission_id, statuses, trace_id)
      select monitor_id, submission_id, statuses, trace_id from asked join locked on locked.id = asked.monitor_id
      on conflict (monitor_id, submission_id) do nothing
      returning monitor_id
    )
    select locked.id, locked.last_submit, claimed.monitor_id is not null as is_claimed
    from locked left join claimed on claimed.monitor_id = locked.id`.execute(transaction);
  return {
    lastSubmits: new Map(rows.map(({ id, last_submit }) => [id, last_submit])),
    claimed: new Set(rows.flatMap(({ id, is_claimed }) => (is_claimed ? [id] : []))),
  };
}

interface ClaimRow {
  readonly id: bigint;
  readonly last_submit: Timestamptz | null;
  readonly is_claimed: boolean;
}

/** Those that were counted before, with the answer of that time. */
export async function duplicatesOf(
  transaction: Kysely<Schema>,
  submissions: readonly SubmissionToStore[],
  { claimed }: Claims,
): Promise<ReadonlyMap<SubmissionToStore, StoreOutcome>> {
  const before = submissions.filter(({ monitor }) => !claimed.has(monitor.id));
  return before.length === 0 ? new Map() : answersOf(transaction, before);
}

async function answersOf(
  transaction: Kysely<Schema>,
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
  transaction: Kysely<Schema>,
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
  transaction: Kysely<Schema>,
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
