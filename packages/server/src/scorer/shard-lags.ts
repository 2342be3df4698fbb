// How far each shard is behind, and who has it.

import type { Schema, Timestamptz } from "@truechimer/database";
import { type Kysely, sql } from "kysely";
import { SHARDS } from "./shards.ts";

export interface ShardLag {
  readonly shard: number;
  /** Null: nobody's, or of one whose lease has run out. */
  readonly holder: string | null;
  readonly leasedUntil: Timestamptz | null;
  /** Results of its servers that no scorer has read. */
  readonly results: bigint;
  /** Since the oldest of them was accepted; 0 without any. */
  readonly seconds: number;
}

/** All shards, by number. */
export async function shardLags(database: Kysely<Schema>): Promise<readonly ShardLag[]> {
  const { rows } = await sql<ShardLag>`
    select s.shard::int as shard,
      case when s.leased_until >= now() then s.holder end as holder,
      case when s.leased_until >= now() then s.leased_until end as "leasedUntil",
      coalesce(unread.results, 0)::int8 as results,
      coalesce(extract(epoch from greatest(interval '0', now() - unread.oldest)), 0)::float8 as seconds
    from scorer_shards s
    left join (
      select reader.cluster, reader.snapshot, server_id % ${SHARDS}::bigint as shard, count(*) as results,
        min(c.accepted_at) as oldest
      from (select distinct cluster, snapshot::text as snapshot from scorer_shards) reader
      join result_commits c on c.cluster = reader.cluster
        and (c.transaction_id >= pg_snapshot_xmax(reader.snapshot::pg_snapshot)
          or c.transaction_id = any(array(select pg_snapshot_xip(reader.snapshot::pg_snapshot))))
      join monitors m on m.id = c.monitor_id and m.type = 'monitor'
      cross join lateral unnest(c.server_ids) as server_id
      group by 1, 2, 3
    ) unread on unread.cluster = s.cluster and unread.snapshot = s.snapshot::text and unread.shard = s.shard
    order by s.shard`.execute(database);
  return rows;
}
