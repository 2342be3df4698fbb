// The transaction of a submission: claimed by its id, ordered by its batch, its assignments locked in the order of their
// ids, its steps applied, its rows written. A crash at any point leaves all of it or nothing.

import { create, toBinary } from "@bufbuild/protobuf";
import { monitorV2 } from "@truechimer/api";
import { AppError, type UnixNs } from "@truechimer/base";
import {
  inTransaction,
  type Schema,
  type Timestamptz,
  timestamptzFromNs,
} from "@truechimer/database";
import { withSpan } from "@truechimer/telemetry";
import { sql, type Transaction } from "kysely";
import type { ServerContext } from "../context.ts";
import { applyStep, type LockedAssignment, type ResultRow } from "./apply-step.ts";
import type { CallingMonitor } from "./authenticate-monitor.ts";
import { batchProblem } from "./counted-batches.ts";
import type { ParsedStatus, StatusRefusal } from "./parse-status.ts";
import type { ParsedTraceroute } from "./parse-traced-status.ts";
import { storeTraceroutes } from "./store-traceroutes.ts";
import { writeResults } from "./write-results.ts";

export interface SubmissionToStore {
  readonly monitor: CallingMonitor;
  readonly submissionId: string;
  readonly batchId: string;
  readonly batchAtNs: UnixNs;
  /**
   * Below version 5: a batch older than the last one is refused as a whole, and one result of a server counts. From then
   * on a batch comes in parts and, under its lease, with results of many times; each time counts once.
   */
  readonly oncePerBatch: boolean;
  /** Each status had a ticket that holds. */
  readonly ticketed: boolean;
  readonly statuses: readonly StatusToStore[];
  readonly traceroutes: readonly ParsedTraceroute[];
  /** What was refused before. */
  readonly refusals: readonly StatusRefusal[];
  readonly traceId: string | undefined;
}

export interface StatusToStore {
  readonly status: ParsedStatus;
  /** As it came, for its evidence. */
  readonly wire: monitorV2.ServerStatus | undefined;
}

export interface CountedStatus {
  readonly step: number;
}

export type StoreOutcome =
  | { readonly kind: "duplicate"; readonly answer: Uint8Array | undefined }
  | {
      readonly kind: "counted";
      readonly counted: readonly CountedStatus[];
      /** How many were stored. */
      readonly traceroutes: number;
      /** All of them, also those from before. */
      readonly refusals: readonly StatusRefusal[];
    };

export function storeSubmission(
  context: ServerContext,
  submission: SubmissionToStore,
): Promise<StoreOutcome> {
  const { monitor, traceroutes } = submission;
  const attributes = {
    "truechimer.monitor": monitor.name,
    "truechimer.submission": submission.submissionId,
    "truechimer.batch": submission.batchId,
    "truechimer.statuses": submission.statuses.length,
    "truechimer.traceroutes": traceroutes.length,
  };
  return withSpan("store submission", { attributes }, (span) =>
    inTransaction(context.database, async (transaction) => {
      const duplicate = await claim(transaction, submission);
      if (duplicate !== undefined) return duplicate;
      const assignments = await lockedAssignments(transaction, submission);
      const repeated = await repeatedTimes(transaction, submission, assignments);
      const { rows, refusals } = applySteps(submission, { assignments, repeated });
      await noteSubmission(transaction, submission, rows.length);
      await writeResults(transaction, monitor.id, rows);
      // The monitor's row is locked from here on by what was noted of it.
      const untaken = await storeTraceroutes(transaction, monitor.id, traceroutes);
      const all = [...submission.refusals, ...refusals, ...untaken];
      await keepAnswer(transaction, submission, all);
      span.setAttribute("truechimer.log_scores", rows.map((row) => row.logScoreId).join(","));
      return {
        kind: "counted",
        counted: rows.map(({ step }) => ({ step })),
        traceroutes: traceroutes.length - untaken.length,
        refusals: all,
      };
    }),
  );
}

/** Whoever inserts the row counts the submission; a concurrent second waits here for the first to commit. */
async function claim(
  transaction: Transaction<Schema>,
  submission: SubmissionToStore,
): Promise<StoreOutcome | undefined> {
  const { monitor, submissionId, statuses, traceroutes, traceId } = submission;
  const claimed = await transaction
    .insertInto("submissions")
    .values({
      monitor_id: monitor.id,
      submission_id: submissionId,
      statuses: statuses.length + traceroutes.length,
      trace_id: traceId ?? null,
    })
    .onConflict((conflict) => conflict.columns(["monitor_id", "submission_id"]).doNothing())
    .returning("submission_id")
    .executeTakeFirst();
  if (claimed !== undefined) return undefined;
  const first = await transaction
    .selectFrom("submissions")
    .select("answer")
    .where("monitor_id", "=", monitor.id)
    .where("submission_id", "=", submissionId)
    .executeTakeFirst();
  return { kind: "duplicate", answer: first?.answer ?? undefined };
}

async function noteSubmission(
  transaction: Transaction<Schema>,
  submission: SubmissionToStore,
  counted: number,
): Promise<void> {
  const batchAt = timestamptzFromNs(submission.batchAtNs);
  const noted = await transaction
    .updateTable("monitors")
    .set({
      last_submit: sql<Timestamptz>`greatest(last_submit, ${batchAt}::timestamptz)`,
      checks_total: sql<bigint>`checks_total + ${counted}::bigint`,
    })
    .where("id", "=", submission.monitor.id)
    .$if(submission.oncePerBatch, (query) =>
      query.where((is) => is.or([is("last_submit", "is", null), is("last_submit", "<=", batchAt)])),
    )
    .returning("id")
    .executeTakeFirst();
  if (noted !== undefined) return;
  throw new AppError(
    "batch_out_of_order",
    "invalid batch submission: a newer batch was submitted before",
  );
}

/**
 * By position in the submission. An assignment that is there no more is made again for what was measured under it, where
 * a ticket says that it was there.
 */
async function lockedAssignments(
  transaction: Transaction<Schema>,
  submission: SubmissionToStore,
): Promise<ReadonlyMap<number, LockedAssignment>> {
  const locked = await lockAssignments(transaction, submission);
  if (locked.size === submission.statuses.length || !submission.ticketed) return locked;
  const made = await makeAssignments(transaction, submission);
  return made === 0n ? locked : await lockAssignments(transaction, submission);
}

/** Locked in the order of their ids, so that two submissions never wait for each other in a circle. */
async function lockAssignments(
  transaction: Transaction<Schema>,
  { monitor, statuses }: SubmissionToStore,
): Promise<ReadonlyMap<number, LockedAssignment>> {
  const result = await sql<LockedAssignment>`
    select nextval('log_scores_id_seq') as log_score_id, ss.id, ss.server_id, ss.score_raw, ss.score_ts, ss.counted_batches,
      s.removed_on, wanted.place::int as place
    from unnest(
      ${statuses.map(({ status }) => status.address.text)}::inet[],
      ${statuses.map(({ status }) => status.port)}::int[]
    ) with ordinality as wanted (ip, port, place)
    join servers s on s.ip = wanted.ip and s.port = wanted.port
    join server_scores ss on ss.server_id = s.id and ss.monitor_id = ${monitor.id}
    order by ss.id
    for no key update of ss`.execute(transaction);
  return new Map(result.rows.map((row) => [row.place - 1, row]));
}

/** Their tickets say that they were. Paused, so that nothing is handed out for them; who assigns may change that. */
async function makeAssignments(
  transaction: Transaction<Schema>,
  { monitor, statuses }: SubmissionToStore,
): Promise<bigint> {
  const made = await sql`
    insert into server_scores (server_id, monitor_id, status, score_raw)
    select s.id, ${monitor.id}::bigint, 'paused', coalesce(s.score_raw, 0)
    from unnest(
      ${statuses.map(({ status }) => status.address.text)}::inet[],
      ${statuses.map(({ status }) => status.port)}::int[]
    ) as wanted (ip, port)
    join servers s on s.ip = wanted.ip and s.port = wanted.port
    order by s.id
    on conflict (server_id, monitor_id) do nothing`.execute(transaction);
  return made.numAffectedRows ?? 0n;
}

/**
 * Positions of results whose time was counted before for the same server. Only one that is no newer than the newest can
 * be; and as its assignment is locked, what this sees cannot change.
 */
async function repeatedTimes(
  transaction: Transaction<Schema>,
  { monitor, statuses }: SubmissionToStore,
  assignments: ReadonlyMap<number, LockedAssignment>,
): Promise<ReadonlySet<number>> {
  const suspects = statuses.flatMap(({ status }, place) => {
    const assignment = assignments.get(place);
    const at = timestamptzFromNs(status.atNs);
    const newest = assignment?.score_ts ?? null;
    if (assignment === undefined || newest === null || at > newest) return [];
    return [{ place, at, serverId: assignment.server_id }];
  });
  if (suspects.length === 0) return new Set();
  const { rows } = await sql<{ readonly place: number }>`
    select suspect.place
    from unnest(
      ${suspects.map(({ place }) => place)}::int[],
      ${suspects.map(({ serverId }) => serverId)}::bigint[],
      ${suspects.map(({ at }) => at)}::timestamptz[]
    ) as suspect (place, server_id, ts)
    join log_scores l on l.server_id = suspect.server_id and l.ts = suspect.ts and l.monitor_id = ${monitor.id}`.execute(
    transaction,
  );
  return new Set(rows.map(({ place }) => place));
}

const REFUSALS = {
  unassigned: {
    code: "unassigned_server",
    message: "the server is not watched any more, or is not known",
  },
  counted: {
    code: "conflict",
    message: "a result of this batch has been counted for this server",
  },
  repeated: {
    code: "conflict",
    message: "a result of this time has been counted for this server",
  },
  too_old: {
    code: "batch_out_of_order",
    message:
      "so many later batches have been counted for this server that this one cannot be told from them",
  },
} as const;

interface StepInput {
  readonly assignments: ReadonlyMap<number, LockedAssignment>;
  /** Positions of results whose time was counted before. */
  readonly repeated: ReadonlySet<number>;
}

function applySteps(
  submission: SubmissionToStore,
  { assignments, repeated }: StepInput,
): { readonly rows: readonly ResultRow[]; readonly refusals: readonly StatusRefusal[] } {
  const { statuses, batchId, batchAtNs, oncePerBatch, traceId } = submission;
  const rows: ResultRow[] = [];
  const refusals: StatusRefusal[] = [];
  for (const [place, { status, wire }] of statuses.entries()) {
    const { index } = status;
    const assignment = assignments.get(place);
    const problem = repeated.has(place) ? "repeated" : problemOf(status, assignment, submission);
    if (assignment === undefined || problem !== undefined) {
      refusals.push({ index, ...REFUSALS[problem ?? "unassigned"] });
    } else {
      const countedBatch = oncePerBatch ? batchId : undefined;
      rows.push(applyStep({ status, wire, assignment, countedBatch, batchAtNs, traceId }));
    }
  }
  return { rows: rows.toSorted((a, b) => (a.assignmentId < b.assignmentId ? -1 : 1)), refusals };
}

function problemOf(
  { atNs }: ParsedStatus,
  assignment: LockedAssignment | undefined,
  { batchId, oncePerBatch }: SubmissionToStore,
): "unassigned" | "counted" | "too_old" | undefined {
  if (assignment === undefined) return "unassigned";
  // What was measured before the server was removed is part of its history.
  const { removed_on: removedOn, counted_batches: countedBatches } = assignment;
  if (removedOn !== null && timestamptzFromNs(atNs) > removedOn) return "unassigned";
  return oncePerBatch ? batchProblem(countedBatches, batchId) : undefined;
}

async function keepAnswer(
  transaction: Transaction<Schema>,
  { monitor, submissionId }: SubmissionToStore,
  refusals: readonly StatusRefusal[],
): Promise<void> {
  if (refusals.length === 0) return;
  const answer = create(monitorV2.SubmitResultsResponseSchema, {
    ok: true,
    refused: refusals.map((each) => create(monitorV2.RefusedStatusSchema, each)),
  });
  await transaction
    .updateTable("submissions")
    .set({ answer: toBinary(monitorV2.SubmitResultsResponseSchema, answer) })
    .where("monitor_id", "=", monitor.id)
    .where("submission_id", "=", submissionId)
    .execute();
}
