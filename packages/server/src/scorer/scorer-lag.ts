// How far the scorers are behind: results that none has scored, and the age of the oldest that none has read. Those of
// servers that failed are not among them (set-aside.ts). Both scorers go through
// them together, in one transaction.

import type { Schema } from "@truechimer/database";
import { type Kysely, sql } from "kysely";
import { SHARDS } from "./shards.ts";

export interface ScorerLag {
  readonly results: bigint;
  /** Since the oldest of them was accepted; 0 without any. */
  readonly seconds: number;
}

export async function scorerLag(database: Kysely<Schema>): Promise<ScorerLag> {
  const { rows } = await sql<ScorerLag>`
    select coalesce(sum(unread.results), 0)::int8 + (
        select count(*) from set_aside_results join scorer_set_aside aside using (server_id) where aside.failures = 0
      ) as results,
      coalesce(extract(epoch from greatest(interval '0', now() - min(unread.accepted_at))), 0)::float8 as seconds
    from (
      select cluster, snapshot::text::pg_snapshot as snapshot, array_agg(shard::bigint) as shards
      from scorer_shards group by cluster, snapshot::text
    ) reader
    cross join lateral (
      select c.accepted_at, (
        select count(*) from unnest(c.server_ids) as id where id % ${SHARDS}::bigint = any(reader.shards)
      ) as results
      from result_commits c join monitors m on m.id = c.monitor_id and m.type = 'monitor'
      where c.cluster = reader.cluster
        and (c.transaction_id >= pg_snapshot_xmax(reader.snapshot)
          or c.transaction_id = any(array(select pg_snapshot_xip(reader.snapshot))))
    ) unread
    where unread.results > 0`.execute(database);
  return rows[0] ?? { results: 0n, seconds: 0 };
}
