// Results that wait for the scorer, taken exactly once: the rows leave the queue in the transaction that scores them, and
// rows that another scorer holds are passed over.

import { assert } from "@truechimer/base";
import { nsFromTimestamptz, type Schema, type Timestamptz } from "@truechimer/database";
import { sql, type Transaction } from "kysely";

export interface QueuedResult {
  readonly logScoreId: bigint;
  readonly serverId: bigint;
  readonly monitorId: bigint;
  readonly at: Timestamptz;
  readonly atNs: bigint;
}

/** The times of some results, first and last: PostgreSQL then looks at their days alone. */
export function timesOf(queued: readonly QueuedResult[]): {
  readonly first: Timestamptz;
  readonly last: Timestamptz;
} {
  const times = queued.map(({ at }) => at).toSorted();
  const [first] = times;
  const last = times.at(-1);
  assert(first !== undefined && last !== undefined, "there is at least one result");
  return { first, last };
}

interface QueueRow {
  readonly log_score_id: bigint;
  readonly server_id: bigint;
  readonly monitor_id: bigint;
  readonly ts: Timestamptz;
}

export interface QueueSelection {
  /** Rows at most. */
  readonly limit: number;
  /** Absent: any server. */
  readonly serverId?: bigint;
}

/** In the order of their time. All rows of a server that is set aside stay, also those that came since. */
export async function takeQueue(
  transaction: Transaction<Schema>,
  { limit, serverId }: QueueSelection,
): Promise<readonly QueuedResult[]> {
  const taken = await sql<QueueRow>`
    with next as (
      select log_score_id from score_queue waiting
      where ${serverId === undefined ? sql`true` : sql`server_id = ${serverId}`} and not exists (
        select from score_queue aside where aside.server_id = waiting.server_id and aside.retry_at > now()
      )
      order by log_score_id limit ${limit} for update skip locked
    )
    delete from score_queue q using next where q.log_score_id = next.log_score_id
    returning q.log_score_id, q.server_id, q.monitor_id, q.ts`.execute(transaction);
  return taken.rows
    .map((row) => ({
      logScoreId: row.log_score_id,
      serverId: row.server_id,
      monitorId: row.monitor_id,
      at: row.ts,
      atNs: nsFromTimestamptz(row.ts),
    }))
    .toSorted((a, b) =>
      a.at === b.at ? Number(a.logScoreId - b.logScoreId) : a.at < b.at ? -1 : 1,
    );
}
