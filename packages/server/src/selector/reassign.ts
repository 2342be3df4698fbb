// After something changed that reviews depend on: rows for what is new, reviews for what is concerned, at once.

import { type Database, inTransaction, type Schema } from "@truechimer/database";
import { sql, type Transaction } from "kysely";
import type { ReviewContext } from "./review-batch.ts";
import { reviewDueServers } from "./review-servers.ts";

export interface FleetChange {
  /** Monitors that came, left, or have another status. */
  readonly monitorIds?: readonly bigint[];
  /** Servers that came, or are watched again. */
  readonly serverIds?: readonly bigint[];
}

/** Makes rows where they are missing and reviews what that, or the change, concerns. */
export async function reassign(context: ReviewContext, change: FleetChange = {}): Promise<void> {
  await addMissingRows(context.database);
  await requestReviews(context.database, change);
  await reviewDueServers(context);
}

/**
 * An assignment for every server and live monitor of one family (the lab's among themselves), and a review row for every
 * server.
 * A new assignment starts at the server's overall score, so that a newcomer does not pull the median.
 */
export function addMissingRows(database: Database): Promise<void> {
  return inTransaction(database, async (transaction) => {
    const { rows } = await sql<{ readonly server_id: bigint }>`
      insert into server_scores (server_id, monitor_id, status, score_raw, status_since)
      select s.id, m.id, 'candidate', coalesce(s.score_raw, 0), now()
      from servers s
      join monitors m on m.type = 'monitor' and m.ip_version = s.ip_version and m.lab = s.lab
      where s.state <> 'removed' and m.status in ('testing', 'active') and m.is_current and m.deleted_on is null
        and not exists (select 1 from server_scores ss where ss.server_id = s.id and ss.monitor_id = m.id)
      order by s.id, m.id
      on conflict (server_id, monitor_id) do nothing
      returning server_id`.execute(transaction);
    await sql`
      insert into servers_monitor_review (server_id)
      select id from servers where state <> 'removed'
        and not exists (select 1 from servers_monitor_review r where r.server_id = servers.id)
      order by id
      on conflict (server_id) do nothing`.execute(transaction);
    const serverIds = [...new Set(rows.map(({ server_id: id }) => id))];
    if (serverIds.length > 0)
      await dueNow(transaction, sql`r.server_id = any(${serverIds}::bigint[])`);
  });
}

/** Makes the servers that a change concerns due now. Silence before a server was watched again is nobody's fault. */
export function requestReviews(database: Database, change: FleetChange): Promise<void> {
  const { monitorIds = [], serverIds = [] } = change;
  return inTransaction(database, async (transaction) => {
    if (serverIds.length > 0) {
      await dueNow(transaction, sql`r.server_id = any(${[...serverIds]}::bigint[])`);
    }
    if (monitorIds.length === 0) return;
    await dueNow(
      transaction,
      sql`exists (select 1 from server_scores ss where ss.server_id = r.server_id and ss.monitor_id = any(${[...monitorIds]}::bigint[]))`,
    );
  });
}

/** Locked in the order of the ids, so that two changes never wait for each other in a circle. */
async function dueNow(
  transaction: Transaction<Schema>,
  which: ReturnType<typeof sql>,
): Promise<void> {
  await sql`
    with due as (
      select r.server_id from servers_monitor_review r
      where ${which}
      order by r.server_id for no key update of r
    )
    update servers_monitor_review r set next_review = now(), quiet_reviews = 0
    from due where due.server_id = r.server_id`.execute(transaction);
}
