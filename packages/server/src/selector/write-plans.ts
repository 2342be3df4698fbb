// The changes of some plans in one statement. A change is written only where the assignment still has the status that it
// is planned from: what somebody else changed meanwhile stays, and the next review sees it.

import type { Schema } from "@truechimer/database";
import type { ReviewPlan } from "@truechimer/selection";
import { sql, type Transaction } from "kysely";
import type { LoadedServer } from "./load-snapshots.ts";

/** A plan for a server as it was loaded. */
export interface PlannedReview {
  readonly server: LoadedServer;
  readonly plan: ReviewPlan;
}

/** The assignments that were changed. Rows are locked in the order of their ids, as everybody does. */
export async function writePlans(
  transaction: Transaction<Schema>,
  reviews: readonly PlannedReview[],
): Promise<ReadonlySet<bigint>> {
  const changes = reviews.flatMap(({ server, plan }) =>
    plan.changes.flatMap(({ monitorId, from, to, reason }) => {
      const assignmentId = server.assignmentIds.get(monitorId);
      return assignmentId === undefined ? [] : [{ id: assignmentId, from, to, reason }];
    }),
  );
  if (changes.length === 0) return new Set();
  const { rows } = await sql<{ readonly id: bigint }>`
    with input as (
      select * from unnest(
        ${changes.map(({ id }) => id)}::bigint[], ${changes.map(({ from }) => from)}::text[],
        ${changes.map(({ to }) => to)}::text[], ${changes.map(({ reason }) => reason)}::text[]
      ) as t (id, from_status, to_status, reason)
    ),
    locked as (
      select ss.id, input.to_status, input.reason
      from server_scores ss join input on input.id = ss.id
      where ss.status = input.from_status
      order by ss.id
      for no key update of ss
    )
    update server_scores ss set
      status = locked.to_status,
      status_since = now(),
      status_reason = locked.reason,
      demoted_at = case when ss.status = 'active' then now() else ss.demoted_at end,
      reversals = case
        when locked.to_status <> 'active' then ss.reversals
        when ss.demoted_at > now() - interval '7 days' then ss.reversals + 1
        else 0 end,
      pause_reason = case when locked.to_status = 'paused' then 'constraint' end,
      last_constraint_check = case when locked.to_status = 'paused' or ss.status = 'paused' then now() else ss.last_constraint_check end
    from locked where ss.id = locked.id
    returning ss.id`.execute(transaction);
  return new Set(rows.map(({ id }) => id));
}

/** What rule each assignment breaks since when; and which paused ones were looked at. Only what differs is written. */
export async function noteViolations(
  transaction: Transaction<Schema>,
  reviews: readonly PlannedReview[],
): Promise<void> {
  const noted = reviews.flatMap(({ server, plan }) => {
    const found = new Map(plan.violations.map(({ monitorId, type }) => [monitorId, type]));
    const rechecked = new Set(plan.rechecked);
    return server.snapshot.monitors.flatMap(({ id, violation }) => {
      const type = found.get(id);
      if (type === violation && !rechecked.has(id)) return [];
      const assignmentId = server.assignmentIds.get(id);
      if (assignmentId === undefined) return [];
      return [{ id: assignmentId, type: type ?? null, rechecked: rechecked.has(id) }];
    });
  });
  if (noted.length === 0) return;
  await sql`
    with input as (
      select * from unnest(
        ${noted.map(({ id }) => id)}::bigint[], ${noted.map(({ type }) => type)}::text[],
        ${noted.map(({ rechecked }) => rechecked)}::boolean[]
      ) as t (id, type, rechecked)
    ),
    locked as (
      select ss.id, input.type, input.rechecked from server_scores ss join input on input.id = ss.id
      order by ss.id for no key update of ss
    )
    update server_scores ss set
      constraint_violation_type = locked.type,
      constraint_violation_since = case
        when locked.type is null then null
        when locked.type is distinct from ss.constraint_violation_type then now()
        else ss.constraint_violation_since end,
      last_constraint_check = case when locked.rechecked then now() else ss.last_constraint_check end
    from locked where ss.id = locked.id`.execute(transaction);
}
