// Who watches what, by the plainest honest rule: every live monitor of a server's family watches it; up to a limit they
// are active, the others testing. Which of them are active is spread evenly by a hash, and who is active stays so. The
// lab's monitors watch the lab's servers alone, and nobody else's do.

import type { Database, Schema } from "@truechimer/database";
import { advisoryLockId, inTransaction } from "@truechimer/database";
import { sql, type Transaction } from "kysely";

export interface AssignMonitorsOptions {
  /** Active monitors of a server at most. */
  readonly activeMonitorsMax: number;
}

/** Makes what is missing and corrects what is not as the rule says. Gives the number of rows that it touched. */
export function assignMonitors(
  database: Database,
  options: AssignMonitorsOptions,
): Promise<number> {
  return inTransaction(database, async (transaction) => {
    // One run at a time, whichever replica it is in.
    await sql`select pg_advisory_xact_lock(${advisoryLockId("assignment")})`.execute(transaction);
    return (await addMissing(transaction, options)) + (await correctStatuses(transaction, options));
  });
}

/** All pairs that exist or should, with the status that the rule gives them. */
function wantedPairs({ activeMonitorsMax }: AssignMonitorsOptions): ReturnType<typeof sql> {
  return sql`
    select server_id, monitor_id, assignment_id, status, score_raw,
      case when not live then 'paused' when place <= ${activeMonitorsMax} then 'active' else 'testing' end as wanted
    from (
      select pairs.*, row_number() over (
        partition by server_id, live
        order by globally_active desc, (status = 'active') desc nulls last, md5(server_id || ':' || monitor_id)
      ) as place
      from (
        select s.id as server_id, m.id as monitor_id, ss.id as assignment_id, ss.status, s.score_raw,
          m.status = 'active' as globally_active,
          m.status in ('active', 'testing') and m.is_current and m.deleted_on is null as live
        from servers s
        join monitors m on m.type = 'monitor' and m.ip_version = s.ip_version and m.lab = s.lab
        left join server_scores ss on ss.server_id = s.id and ss.monitor_id = m.id
        where s.state <> 'removed'
      ) pairs
      where live or assignment_id is not null
    ) ranked`;
}

/** A new assignment starts at the server's overall score, so that a newcomer does not pull the median. */
async function addMissing(
  transaction: Transaction<Schema>,
  options: AssignMonitorsOptions,
): Promise<number> {
  const added = await sql`
    insert into server_scores (server_id, monitor_id, status, score_raw)
    select server_id, monitor_id, wanted, coalesce(score_raw, 0)
    from (${wantedPairs(options)}) wanted_pairs
    where assignment_id is null
    order by server_id, monitor_id
    on conflict (server_id, monitor_id) do nothing`.execute(transaction);
  return Number(added.numAffectedRows ?? 0n);
}

async function correctStatuses(
  transaction: Transaction<Schema>,
  options: AssignMonitorsOptions,
): Promise<number> {
  const corrected = await sql`
    with wrong as (
      select assignment_id, wanted from (${wantedPairs(options)}) wanted_pairs
      where assignment_id is not null and status <> wanted
    ),
    locked as (
      select ss.id, wrong.wanted from server_scores ss join wrong on wrong.assignment_id = ss.id
      order by ss.id for update of ss
    )
    update server_scores ss set status = locked.wanted from locked where locked.id = ss.id`.execute(
    transaction,
  );
  return Number(corrected.numAffectedRows ?? 0n);
}
