// Cleans up what all readers have read. In two steps, so that a row stays for a while after its commit and not after its
// making: a snapshot is taken, and an hour later what was visible in it goes. Readers in memory have that long to follow;
// one that did not is told so (`purged_snapshot`). Positions that are kept in the database are waited for, however long.

import { sql } from "kysely";
import type { Database } from "../create-database.ts";
import { inTransaction } from "../in-transaction.ts";
import type { PgSnapshotText } from "./pg-snapshot.ts";

export interface PurgeOptions {
  /** How long a row is kept after its commit, at least; default an hour. */
  readonly keepMs?: number;
  /** Rows that a reader needs which was not there then: those not visible in one of these snapshots are kept. */
  readonly unreadBy?: readonly { readonly cluster: bigint; readonly snapshot: PgSnapshotText }[];
}

const KEEP_MS_DEFAULT = 3_600_000;

/** Returns how many rows went. Any number of replicas may call it. */
export async function purgeResultCommits(
  database: Pick<Database, "kysely">,
  { keepMs = KEEP_MS_DEFAULT, unreadBy = [] }: PurgeOptions = {},
): Promise<number> {
  return await inTransaction(database, async (transaction) => {
    const { rows } = await sql<{ readonly cluster: bigint; readonly snapshot: PgSnapshotText }>`
      insert into result_commit_purges as purge (cluster, purged_snapshot, next_snapshot)
      select system_identifier, '1:1:', results_snapshot() from pg_control_system()
      on conflict (cluster) do update set
        purged_snapshot = purge.next_snapshot, next_snapshot = excluded.next_snapshot, next_taken_at = now()
      where purge.next_taken_at <= now() - make_interval(secs => ${keepMs / 1_000}::float8)
      returning cluster, purged_snapshot as snapshot`.execute(transaction);
    const [purge] = rows;
    if (purge === undefined) return 0;
    const reader = sql`unnest(
      ${unreadBy.map(({ cluster }) => cluster)}::bigint[], ${unreadBy.map(({ snapshot }) => snapshot)}::pg_snapshot[]
    ) as reader (cluster, snapshot)`;
    const deleted = await sql`
      delete from result_commits c
      where c.cluster = ${purge.cluster} and c.transaction_id < pg_snapshot_xmax(${purge.snapshot}::pg_snapshot)
        and pg_visible_in_snapshot(c.transaction_id, ${purge.snapshot}::pg_snapshot)
        and not exists (
          select from ${reader}
          where reader.cluster = c.cluster and not pg_visible_in_snapshot(c.transaction_id, reader.snapshot)
        )`.execute(transaction);
    // Of a cluster that this database has left behind nobody reads any more, once the readers have left it too.
    const abandoned = await sql`
      delete from result_commits c
      where c.cluster <> ${purge.cluster}
        and not exists (select from ${reader} where reader.cluster = c.cluster)`.execute(
      transaction,
    );
    return Number((deleted.numAffectedRows ?? 0n) + (abandoned.numAffectedRows ?? 0n));
  });
}
