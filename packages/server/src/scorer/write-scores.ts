// The scorers' own assignments, and the history of their scores beside those of the monitors and under the scorer's own
// id. The newest row of that history is the assignment's last result.

import type { Schema, Timestamptz } from "@truechimer/database";
import { sql, type Transaction } from "kysely";
import type { ActiveScorers } from "./scorers.ts";
import type { ScorerOutcome, ScorerStep, ServerOutcome } from "./step-server.ts";

interface OwnOutcome extends ScorerOutcome {
  readonly serverId: bigint;
  readonly scorerId: bigint;
}

export async function writeScores(
  transaction: Transaction<Schema>,
  scorers: ActiveScorers,
  outcomes: readonly ServerOutcome[],
): Promise<void> {
  const own = outcomes.flatMap(({ serverId, scorers: made }) =>
    made.flatMap((outcome): readonly OwnOutcome[] => {
      const scorerId = scorers.get(outcome.scorer);
      return scorerId === undefined ? [] : [{ ...outcome, serverId, scorerId }];
    }),
  );
  if (own.length === 0) return;
  const logged = await logSteps(transaction, own);
  await updateAssignments(transaction, own, logged);
}

interface LoggedRow {
  readonly id: bigint;
  readonly ts: Timestamptz;
}

/** The newest row that each scorer's assignment has got. */
async function logSteps(
  transaction: Transaction<Schema>,
  own: readonly OwnOutcome[],
): Promise<ReadonlyMap<OwnOutcome, LoggedRow>> {
  const rows = own.flatMap((outcome) => outcome.toLog.map((step) => ({ outcome, step })));
  if (rows.length === 0) return new Map();
  const inserted = await sql<LoggedRow & { readonly place: bigint }>`
    with numbered as (
      select nextval('log_scores_id_seq') as id, t.* from unnest(
        ${rows.map(({ step }) => step.trigger.at)}::timestamptz[],
        ${rows.map(({ outcome }) => outcome.serverId)}::bigint[],
        ${rows.map(({ outcome }) => outcome.scorerId)}::bigint[],
        ${rows.map(({ step }) => step.scoreBefore ?? null)}::float8[],
        ${rows.map(({ step }) => step.step)}::float8[],
        ${rows.map(({ step }) => step.score)}::float8[],
        ${rows.map(({ step }) => step.rule)}::text[],
        ${rows.map(({ step }) => step.offsetNs ?? null)}::bigint[],
        ${rows.map(({ step }) => step.rttNs ?? null)}::bigint[],
        ${rows.map(({ outcome, step }) => attributesOf(outcome, step))}::text[]
      ) with ordinality
        as t (ts, server_id, monitor_id, score_before, step, score, rule, offset_ns, rtt_ns, attributes, place)
    ),
    inserted as (
      insert into log_scores (id, ts, server_id, monitor_id, score_before, step, score, rule, offset_ns, rtt_ns, attributes)
      select id, ts, server_id, monitor_id, score_before, step, score, rule, offset_ns, rtt_ns, attributes::jsonb
      from numbered
    )
    select place, id, ts from numbered order by place`.execute(transaction);
  const newest = new Map<OwnOutcome, LoggedRow>();
  for (const { place, id, ts } of inserted.rows) {
    const row = rows[Number(place) - 1];
    if (row !== undefined) newest.set(row.outcome, { id, ts });
  }
  return newest;
}

function attributesOf(
  { state }: OwnOutcome,
  { trigger, attributes, chosenId }: ScorerStep,
): string {
  const kept = attributes === null ? {} : (JSON.parse(attributes) as object);
  return JSON.stringify({
    ...kept,
    from_ls_id: Number(trigger.id),
    from_ss_id: Number(state.assignmentId),
    ...(chosenId === undefined ? {} : { chosen_ls_id: Number(chosenId) }),
  });
}

/** Of `every` a result that comes late is no newer than those before. */
async function updateAssignments(
  transaction: Transaction<Schema>,
  own: readonly OwnOutcome[],
  logged: ReadonlyMap<OwnOutcome, LoggedRow>,
): Promise<void> {
  await sql`
    update server_scores ss set score_raw = t.score, score_ts = greatest(ss.score_ts, t.ts),
      caused_by_id = t.caused_by_id, chosen_id = t.chosen_id,
      last_log_score_id = coalesce(t.logged_id, ss.last_log_score_id),
      last_answer_ts = coalesce(t.logged_ts, ss.last_answer_ts)
    from unnest(
      ${own.map(({ state }) => state.assignmentId)}::bigint[],
      ${own.map(({ state }) => state.score)}::float8[],
      ${own.map(({ last }) => last.trigger.at)}::timestamptz[],
      ${own.map(({ last }) => (last.chosenId === undefined ? null : last.trigger.id))}::bigint[],
      ${own.map(({ last }) => last.chosenId ?? null)}::bigint[],
      ${own.map((outcome) => logged.get(outcome)?.id ?? null)}::bigint[],
      ${own.map((outcome) => logged.get(outcome)?.ts ?? null)}::timestamptz[]
    ) as t (id, score, ts, caused_by_id, chosen_id, logged_id, logged_ts)
    where ss.id = t.id`.execute(transaction);
}
