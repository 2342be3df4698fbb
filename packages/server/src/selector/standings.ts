// What reviews need to know of monitors over all servers: how many each is active for, its account's share of all, and
// whether it sees everything badly. Worked out once a minute in the cluster, not by each review.

import { advisoryLockId, type Database, inTransaction } from "@truechimer/database";
import { sql } from "kysely";

const REFRESH_SECONDS = 60;
/** Fewer servers say nothing about a monitor. */
const SERVERS_MIN = 3;
/** A mean step below this is bad: the limit of health. */
const BAD_STEP = 0;
/** Weight of the results in a mean without which it says nothing. */
const WEIGHT_MIN = 3;

/** Does nothing where it was done lately, or somebody is at it. */
export async function refreshStandings(database: Database): Promise<void> {
  await inTransaction(database, async (transaction) => {
    const { rows } = await sql<{ readonly mine: boolean }>`
      select pg_try_advisory_xact_lock(${advisoryLockId("monitor_standings")}) and not exists (
        select 1 from monitor_standings where noted_at > now() - make_interval(secs => ${REFRESH_SECONDS}::float8)
      ) as mine`.execute(transaction);
    if (rows[0]?.mine !== true) return;
    await sql`
      with active as (
        select ss.monitor_id, count(*)::int as servers from server_scores ss where ss.status = 'active' group by 1
      ),
      accounts_active as (
        select m.account_id, sum(active.servers)::float8 / nullif((select sum(servers) from active), 0) as share
        from active join monitors m on m.id = active.monitor_id where m.account_id is not null group by 1
      ),
      -- Of servers that others see well: those that the fleet holds to be right.
      seen as (
        select ss.monitor_id, bool_and(ss.quality_step < ${BAD_STEP}) and count(*) >= ${SERVERS_MIN} as bad
        from server_scores ss join servers s on s.id = ss.server_id
        where ss.status in ('active', 'testing') and s.verdict = 'truechimer' and ss.quality_weight >= ${WEIGHT_MIN}
        group by 1
      )
      insert into monitor_standings as known (monitor_id, active_servers, account_share, bad_everywhere)
      select m.id, coalesce(active.servers, 0), coalesce(a.share, 0), coalesce(seen.bad, false)
      from monitors m
      left join active on active.monitor_id = m.id
      left join accounts_active a on a.account_id = m.account_id
      left join seen on seen.monitor_id = m.id
      where m.type = 'monitor' and m.is_current and m.deleted_on is null
      order by m.id
      on conflict (monitor_id) do update set active_servers = excluded.active_servers,
        account_share = excluded.account_share, bad_everywhere = excluded.bad_everywhere, noted_at = now()`.execute(
      transaction,
    );
  });
}
