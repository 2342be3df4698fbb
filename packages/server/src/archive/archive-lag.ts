// How far each archive is behind.

import type { Schema, Timestamptz } from "@truechimer/database";
import { type Kysely, sql } from "kysely";

/** One that no replica has tried for so long was switched off. */
export const ARCHIVE_GONE_DAYS = 7;

export interface ArchiveLag {
  readonly kind: string;
  readonly target: string;
  /** New results that it has not acknowledged; without those of the older range. */
  readonly results: bigint;
  readonly traceroutes: bigint;
  readonly events: bigint;
  /** Since the first event that it has not acknowledged; 0 without any. */
  readonly eventSeconds: number;
  /** Since the oldest result was accepted that is not acknowledged; 0 without any. What was there before it was added does not count. */
  readonly seconds: number;
  /** Older results that are still to be sent. Null: none. */
  readonly olderFrom: Timestamptz | null;
  readonly olderTo: Timestamptz | null;
  /** Length of that range; 0 without one. */
  readonly olderSeconds: number;
  readonly resultsSent: bigint;
  readonly traceroutesSent: bigint;
  readonly eventsSent: bigint;
  readonly sentAt: Timestamptz | null;
  readonly failingSince: Timestamptz | null;
  readonly lastError: string;
  readonly lostBefore: Timestamptz | null;
  /** Its oldest result that is not acknowledged, by its own time. Null: all are. */
  readonly unsentFrom: Timestamptz | null;
}

/** Those that are in use, by target. */
export async function archiveLags(database: Kysely<Schema>): Promise<readonly ArchiveLag[]> {
  const { rows } = await sql<ArchiveLag>`
    select a.kind, a.target, coalesce(unread.results, 0)::int8 as results,
      (select count(*) from archive_traceroutes waiting where waiting.target = a.target) as traceroutes,
      (select count(*) from archive_events waiting where waiting.target = a.target) as events,
      coalesce(extract(epoch from greatest(interval '0', now() - first.at)), 0)::float8 as "eventSeconds",
      coalesce(extract(epoch from greatest(interval '0', now() - least(unread.oldest, a.behind_since))), 0)::float8 as seconds,
      a.older_from as "olderFrom", a.older_to as "olderTo",
      coalesce(extract(epoch from a.older_to - a.older_from), 0)::float8 as "olderSeconds", a.results_sent as "resultsSent",
      a.traceroutes_sent as "traceroutesSent", a.events_sent as "eventsSent", a.sent_at as "sentAt", a.failing_since as "failingSince",
      a.last_error as "lastError", a.lost_before as "lostBefore", least(unread.first, a.older_from) as "unsentFrom"
    from archives a
    cross join lateral (
      select sum(c.results) as results, min(c.accepted_at) as oldest, min(c.first_ts) as first
      from result_commits c
      where c.cluster = a.cluster
        and (c.transaction_id >= pg_snapshot_xmax(a.snapshot)
          or c.transaction_id = any(array(select pg_snapshot_xip(a.snapshot))))
    ) unread
    left join lateral (
      select e.at from archive_events waiting join events e on e.id = waiting.event_id
      where waiting.target = a.target order by waiting.event_id limit 1
    ) first on true
    where a.tried_at > now() - make_interval(days => ${ARCHIVE_GONE_DAYS}::int)
    order by a.target`.execute(database);
  return rows;
}
