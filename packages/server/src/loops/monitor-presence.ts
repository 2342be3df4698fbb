// Whether each monitor is online: it was seen lately, or can be asked at once. A change is an event.

import { inTransaction } from "@truechimer/database";
import { sql } from "kysely";
import type { ServerContext } from "../context.ts";
import type { ProbePolicy } from "../policy.ts";
import { requestReviews } from "../selector/reassign.ts";

/** An agent of the NTP Pool asks at least every 2 min. */
const AGENT_POLL_MS_MAX = 120_000;
const MISSED_POLLS = 3;
const WINDOW_MS_MIN = 15_000;
const FOREIGN_WINDOW_MS: number = MISSED_POLLS * AGENT_POLL_MS_MAX;
/** `monitors.client_version` of agents of ours: "v4.1.5/truechimer-0.1.0 (…)". */
const OUR_VERSIONS = "%/truechimer-%";

interface ChangedMonitor {
  readonly id: bigint;
  readonly hostname: string;
  readonly online: boolean;
}

export async function noteMonitorPresence(context: ServerContext): Promise<void> {
  const { policy, clock, startedAtNs } = context;
  const upForMs = Number((clock.nowNs() - startedAtNs) / 1_000_000n);
  const realMs = presenceWindowMs(policy.probe);
  const labMs = presenceWindowMs(policy.labProbe);
  // Ours ask as often as they are told to; an agent of the NTP Pool backs off by itself.
  const windowMs = sql`case when lab then ${labMs}::float8
    when client_version <> '' and client_version not like ${OUR_VERSIONS} then ${FOREIGN_WINDOW_MS}::float8
    else ${realMs}::float8 end`;
  const monitorIds = await inTransaction(context.database, async (transaction) => {
    // Until we have been up for a window, silence may be ours: nobody is called offline.
    const changed = await sql<ChangedMonitor>`
      with seen as (
        select id, online, ${windowMs} as window_ms, coalesce(
          last_seen > now() - make_interval(secs => ${windowMs} / 1000),
          false)
          or exists (select 1 from monitor_sessions s where s.monitor_id = monitors.id and s.expires_at > now()) as online_now
        from monitors where type = 'monitor' and is_current and deleted_on is null
      )
      update monitors m set online = seen.online_now
      from seen
      where m.id = seen.id and seen.online <> seen.online_now
        and (seen.online_now or ${upForMs}::float8 > seen.window_ms)
      returning m.id, m.hostname, m.online`.execute(transaction);
    if (changed.rows.length === 0) return [];
    await transaction
      .insertInto("events")
      .values(
        changed.rows.map(({ id, hostname, online }) => ({
          kind: online ? "monitor_online" : "monitor_offline",
          monitor_id: id,
          text: online ? `monitor ${hostname} is online` : `monitor ${hostname} has gone silent`,
        })),
      )
      .execute();
    return changed.rows.map(({ id }) => id);
  });
  if (monitorIds.length > 0) await requestReviews(context.database, { monitorIds });
}

/** Silence longer than this is an absence. */
function presenceWindowMs({ idlePollIntervalMs }: ProbePolicy): number {
  return Math.max(WINDOW_MS_MIN, MISSED_POLLS * (idlePollIntervalMs ?? AGENT_POLL_MS_MAX));
}
