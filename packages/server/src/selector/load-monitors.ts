// What reviews know of the monitors themselves, whichever server is under review: read once for all servers of a batch.

import type { Schema } from "@truechimer/database";
import type { GlobalStatus, MonitorFacts } from "@truechimer/selection";
import { type Kysely, sql } from "kysely";

/** What all assignments of a monitor have in common. */
export type MonitorOwnFacts = Pick<
  MonitorFacts,
  | "id"
  | "type"
  | "globalStatus"
  | "accountId"
  | "ip"
  | "country"
  | "network"
  | "online"
  | "badEverywhere"
  | "activeServers"
  | "accountShare"
>;

export interface LoadedMonitor {
  readonly facts: MonitorOwnFacts;
  readonly name: string;
}

export interface LoadedMonitors {
  readonly byId: ReadonlyMap<bigint, LoadedMonitor>;
  /** By account: active monitors of it on one server at most, where that is its own. */
  readonly accountLimits: ReadonlyMap<bigint, number>;
}

interface Row {
  readonly id: bigint;
  readonly hostname: string;
  readonly global_status: GlobalStatus;
  readonly online: boolean;
  readonly account_id: bigint | null;
  readonly account_limit: number | null;
  readonly ip: string | null;
  readonly country: string;
  readonly network: string;
  readonly active_servers: number;
  readonly account_share: number;
  readonly bad_everywhere: boolean;
}

/** A monitor that was never heard of is waited for so long before it counts as silent. */
const FIRST_CONTACT_SECONDS = 600;

/** Those that have an assignment to one of the servers; scorers are none. */
export async function loadMonitors(
  database: Kysely<Schema>,
  serverIds: readonly bigint[],
): Promise<LoadedMonitors> {
  const { rows } = await sql<Row>`
    /* prepared: load_monitors */
    select m.id, m.hostname,
      case when m.deleted_on is not null or not m.is_current then 'deleted' else m.status end as global_status,
      m.online or (m.last_seen is null and m.created_on > now() - make_interval(secs => ${FIRST_CONTACT_SECONDS}::float8)) as online,
      m.account_id,
      case when jsonb_typeof(a.flags -> 'monitors_per_server_limit') = 'number'
        then (a.flags ->> 'monitors_per_server_limit')::float8::int end as account_limit,
      host(m.ip) as ip, coalesce(ag.country, m.country) as country, coalesce(ag.network, m.network) as network,
      coalesce(st.active_servers, 0) as active_servers, coalesce(st.account_share, 0) as account_share,
      coalesce(st.bad_everywhere, false) as bad_everywhere
    from monitors m
    left join agents ag on ag.id = m.agent_id
    left join accounts a on a.id = m.account_id
    left join monitor_standings st on st.monitor_id = m.id
    where m.type = 'monitor'
      and m.id in (select ss.monitor_id from server_scores ss where ss.server_id = any(${[...serverIds]}::bigint[]))`.execute(
    database,
  );
  return {
    byId: new Map(rows.map((row) => [row.id, { facts: factsOf(row), name: row.hostname }])),
    accountLimits: new Map(
      rows.flatMap(({ account_id: account, account_limit: limit }) =>
        account === null || limit === null || limit < 0 ? [] : [[account, limit] as const],
      ),
    ),
  };
}

function factsOf(row: Row): MonitorOwnFacts {
  return {
    id: row.id,
    type: "monitor",
    globalStatus: row.global_status,
    ...(row.account_id === null ? {} : { accountId: row.account_id }),
    ...(row.ip === null ? {} : { ip: row.ip }),
    country: row.country,
    network: row.network,
    online: row.online,
    badEverywhere: row.bad_everywhere,
    activeServers: row.active_servers,
    accountShare: row.account_share,
  };
}
