// Of the servers that a monitor is just given, those whose path it is asked for, too: where a person has said so, once a
// day, and when the monitor's checks of the server begin to fail.

import type { Database } from "@truechimer/database";
import { sql } from "kysely";

/** Paths change by the day; each costs the routers on the way some ninety packets. */
const PERIOD_HOURS = 24;
/** A server that fails now and then is not traced at each failure. */
const BETWEEN_MINUTES = 15;

/** Numbers of the servers to trace. Called by whoever has just taken them, so that nobody else asks for the same. */
export async function takeDueTraces(
  { kysely }: Pick<Database, "kysely">,
  monitorId: bigint,
  serverIds: readonly bigint[],
): Promise<ReadonlySet<bigint>> {
  if (serverIds.length === 0) return new Set();
  const { rows } = await sql<{ readonly server_id: bigint }>`
    with traced as (
      select ss.server_id, ss.monitor_id, ss.reason is not null as failing, t.asked_at, t.failing as failed_before
      from server_scores ss
      join servers s on s.id = ss.server_id
      left join traceroute_turns t on t.server_id = ss.server_id and t.monitor_id = ss.monitor_id
      where ss.monitor_id = ${monitorId} and ss.server_id = any(${serverIds}::bigint[]) and s.traced
    ),
    turns as (
      select *, asked_at is null
        or asked_at < now() - make_interval(hours => ${PERIOD_HOURS}::int)
        or (failing and not failed_before and asked_at < now() - make_interval(mins => ${BETWEEN_MINUTES}::int)) as due
      from traced
    ),
    -- One that works again is noted, so that its next failure is a new one.
    noted as (
      insert into traceroute_turns (server_id, monitor_id, asked_at, failing)
      select server_id, monitor_id, case when due then now() else asked_at end, failing
      from turns where due or (failed_before and not failing)
      order by server_id
      on conflict (server_id, monitor_id) do update set asked_at = excluded.asked_at, failing = excluded.failing
    )
    select server_id from turns where due`.execute(kysely);
  return new Set(rows.map(({ server_id: id }) => id));
}
