// The history of a scorer's scores, beside those of the monitors and under the scorer's own id, and the scorer's own
// assignment, whose last result is the newest row of that history.

import { nsFromTimestamptz, type Schema, type Timestamptz } from "@truechimer/database";
import { sql, type Transaction } from "kysely";
import { isNewScore, type LoggedScore } from "./is-new-score.ts";
import type { QueuedResult } from "./take-queue.ts";

/** A scorer's assignment to one server. */
export interface ScorerRow {
  readonly id: bigint;
  readonly server_id: bigint;
  /** The scorer's score of the server. */
  readonly score_raw: number;
  readonly score_ts: Timestamptz | null;
  readonly logged_ts: Timestamptz | null;
  readonly logged_score: number | null;
}

/** What a scorer made of one result. */
export interface ScorerStep {
  /** The result that caused it. */
  readonly trigger: QueuedResult;
  /** Absent: the score was chosen, not stepped. */
  readonly scoreBefore?: number;
  readonly step: number;
  readonly score: number;
  readonly offsetNs?: bigint | undefined;
  readonly rttNs?: bigint | undefined;
  /** Of the row that it was taken from. */
  readonly attributes: unknown;
  /** The row that was chosen, where one was. */
  readonly chosenId?: bigint;
}

export interface ScorerHistory {
  readonly scorerId: bigint;
  /** Rule set as "name/version". */
  readonly ruleSet: string;
  readonly own: ReadonlyMap<bigint, ScorerRow>;
  /** In the order in which they were made. */
  readonly steps: readonly ScorerStep[];
}

/** By server. Made where it is missing; what is there is never reset. */
export async function scorerRows(
  transaction: Transaction<Schema>,
  scorerId: bigint,
  serverIds: readonly bigint[],
): Promise<ReadonlyMap<bigint, ScorerRow>> {
  await sql`
    insert into server_scores (server_id, monitor_id, status)
    select id, ${scorerId}::bigint, 'active' from unnest(${serverIds}::bigint[]) as t (id) order by id
    on conflict (server_id, monitor_id) do nothing`.execute(transaction);
  const result = await sql<ScorerRow>`
    select ss.id, ss.server_id, ss.score_raw, ss.score_ts, l.ts as logged_ts, l.score as logged_score
    from server_scores ss
    left join log_scores l on l.id = ss.last_log_score_id and l.ts = ss.last_answer_ts
    where ss.monitor_id = ${scorerId} and ss.server_id = any(${serverIds}::bigint[])`.execute(
    transaction,
  );
  return new Map(result.rows.map((row) => [row.server_id, row]));
}

/** Keeps what is worth a row of history. */
export async function logScores(
  transaction: Transaction<Schema>,
  history: ScorerHistory,
): Promise<void> {
  const worthIt = newScores(history);
  if (worthIt.length > 0) await insertHistory(transaction, history, worthIt);
}

function newScores({ steps, own }: ScorerHistory): readonly ScorerStep[] {
  const last = new Map<bigint, LoggedScore>();
  for (const [serverId, { logged_ts, logged_score }] of own) {
    if (logged_ts === null || logged_score === null) continue;
    last.set(serverId, { atNs: nsFromTimestamptz(logged_ts), score: logged_score });
  }
  return steps.filter(({ trigger, score }) => {
    const next = { atNs: trigger.atNs, score };
    if (!isNewScore(next, last.get(trigger.serverId))) return false;
    last.set(trigger.serverId, next);
    return true;
  });
}

/** The newest kept row is found again by the scorer's `last_log_score_id` and `last_answer_ts`. */
async function insertHistory(
  transaction: Transaction<Schema>,
  { scorerId, ruleSet, own }: ScorerHistory,
  worthIt: readonly ScorerStep[],
): Promise<void> {
  const attributes = worthIt.map((step) => attributesOf(step, own.get(step.trigger.serverId)));
  await sql`
    with inserted as (
      insert into log_scores (ts, server_id, monitor_id, score_before, step, score, rule, offset_ns, rtt_ns, attributes)
      select ts, server_id, ${scorerId}::bigint, score_before, step, score, ${ruleSet}, offset_ns, rtt_ns,
        attributes::jsonb
      from unnest(
        ${worthIt.map(({ trigger }) => trigger.at)}::timestamptz[],
        ${worthIt.map(({ trigger }) => trigger.serverId)}::bigint[],
        ${worthIt.map(({ scoreBefore }) => scoreBefore ?? null)}::float8[],
        ${worthIt.map(({ step }) => step)}::float8[],
        ${worthIt.map(({ score }) => score)}::float8[],
        ${worthIt.map(({ offsetNs }) => offsetNs ?? null)}::bigint[],
        ${worthIt.map(({ rttNs }) => rttNs ?? null)}::bigint[],
        ${attributes}::text[]
      ) as t (ts, server_id, score_before, step, score, offset_ns, rtt_ns, attributes)
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

function attributesOf(
  { trigger, attributes, chosenId }: ScorerStep,
  own: ScorerRow | undefined,
): string {
  const kept = typeof attributes === "object" ? attributes : {};
  return JSON.stringify({
    ...kept,
    from_ls_id: Number(trigger.logScoreId),
    from_ss_id: Number(own?.id ?? 0n),
    ...(chosenId === undefined ? {} : { chosen_ls_id: Number(chosenId) }),
  });
}
