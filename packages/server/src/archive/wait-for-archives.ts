// What the database keeps for archives that are behind, and for how long. Notes of commits are not kept for them: unread
// ones that are about to be cleaned up become a range of time, whose results are sent from log_scores. The days of
// log_scores are: retention waits for what is not sent, up to a limit; then they go, and that is told.

import type { Schema } from "@truechimer/database";
import { type Kysely, type RawBuilder, sql } from "kysely";
import type { ServerContext } from "../context.ts";
import { ARCHIVE_GONE_DAYS } from "./archive-lag.ts";

/** Half of what notes are kept for at least. */
const NOTE_MINUTES_MAX = 30;
/** Days beyond the retention at most; an archive that is away for a month is one that nobody misses. */
export const ARCHIVE_WAIT_DAYS_MAX = 30;

/** One that no replica has tried for a while was switched off, and nothing waits for it. */
export const ARCHIVE_IN_USE: RawBuilder<unknown> = sql`tried_at > now() - make_interval(days => ${ARCHIVE_GONE_DAYS}::int)`;

/** Before a clean-up of result_commits: what archives have not read of its old notes is to be sent by its time. */
export async function leaveNotesBehind(kysely: Kysely<Schema>): Promise<void> {
  // One statement, so that the range and the new position are of the same moment.
  await sql`
    update archives a set cluster = unread.now, snapshot = results_snapshot(),
      older_after_id = case when unread.first <= a.older_from then 0 else a.older_after_id end,
      older_from = least(a.older_from, unread.first), older_to = greatest(a.older_to, unread.last),
      behind_since = least(a.behind_since, unread.oldest)
    from (
      select b.target, b.snapshot::text as before, system.system_identifier as now, min(c.first_ts) as first,
        max(c.last_ts) as last, min(c.accepted_at) as oldest
      from archives b cross join pg_control_system() system
      join result_commits c on c.cluster = b.cluster and (
          c.transaction_id >= pg_snapshot_xmax(b.snapshot)
          or c.transaction_id = any(array(select pg_snapshot_xip(b.snapshot))))
        or c.cluster = system.system_identifier and b.cluster <> system.system_identifier
      group by b.target, system.system_identifier
      having min(c.accepted_at) < now() - make_interval(mins => ${NOTE_MINUTES_MAX}::int)
    ) unread
    where a.target = unread.target and a.snapshot::text = unread.before`.execute(kysely);
}

/** Days that results are kept: the retention, and as long as an archive lacks one, to the limit. */
export async function daysToKeep(kysely: Kysely<Schema>, retentionDays: number): Promise<number> {
  const { rows } = await sql<{ readonly days: number | null }>`
    select (1 + ceil(extract(epoch from now() - min(older_from)) / 86400))::int as days
    from archives where ${ARCHIVE_IN_USE}`.execute(kysely);
  const unsentDays = rows[0]?.days ?? 0;
  return Math.max(retentionDays, Math.min(retentionDays + ARCHIVE_WAIT_DAYS_MAX, unsentDays));
}

/** After days were dropped: notes which archives had not been sent all of them. */
export async function noteLostDays(
  { database: { kysely }, logger }: Pick<ServerContext, "database" | "logger">,
  keptDays: number,
): Promise<void> {
  const { rows } = await sql<{ readonly target: string; readonly before: string }>`
    update archives set lost_before = oldest.kept, older_after_id = 0,
      older_from = case when older_to >= oldest.kept then oldest.kept end,
      older_to = case when older_to >= oldest.kept then older_to end
    from (
      select date_trunc('day', now(), 'UTC') - make_interval(days => ${keptDays}::int) as kept
    ) oldest
    where older_from < oldest.kept
    returning target, lost_before::text as before`.execute(kysely);
  for (const { target, before } of rows) {
    logger.error(
      { archive: target, before },
      "results were dropped by retention before the archive had them",
    );
  }
}
