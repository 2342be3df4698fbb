// Which monitors count: those of agents, active or testing, not superseded and not deleted. Few and rarely changed, but a
// change counts at once: each transaction that scores compares a sum over them with the one that it remembers.

import type { Schema } from "@truechimer/database";
import { sql, type Transaction } from "kysely";

export interface LiveMonitors {
  /** Of one state of the table; another one nearly certainly differs. */
  readonly sum: string;
  readonly statuses: ReadonlyMap<bigint, string>;
}

const LIVE = sql`type = 'monitor' and status in ('active', 'testing') and is_current and deleted_on is null`;

/** `known` itself, if nothing has changed. */
export async function liveMonitors(
  transaction: Transaction<Schema>,
  known: LiveMonitors | undefined,
): Promise<LiveMonitors> {
  const { rows } = await sql<{ readonly sum: string }>`
    select coalesce(sum(hashtextextended(id || status, 0)), 0)::text as sum from monitors where ${LIVE}`.execute(
    transaction,
  );
  const sum = rows[0]?.sum ?? "";
  if (known?.sum === sum) return known;
  const live = await sql<{ readonly id: bigint; readonly status: string }>`
    select id, status from monitors where ${LIVE}`.execute(transaction);
  return { sum, statuses: new Map(live.rows.map(({ id, status }) => [id, status])) };
}
