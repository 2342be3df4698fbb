// Who watches whom now in a piece of the fleet, and the routers of the last traceroutes.

import type { Schema } from "@truechimer/database";
import type { MonitorPlace, Pair, ServerPlace } from "@truechimer/fault";
import { type Kysely, sql } from "kysely";
import type { PairIds } from "./check-columns.ts";

/** A path older than this is no evidence any more: they are traced once a day. */
const HOPS_MAX_AGE_HOURS = 48;

export interface FaultFleet extends PairIds {
  readonly pairs: readonly Pair[];
}

/** By the ids that the places have. */
export interface FleetPlaces {
  readonly servers: readonly ServerPlace[];
  readonly monitors: readonly MonitorPlace[];
}

interface PairRow {
  readonly server_id: number;
  readonly monitor_id: number;
  readonly hops: readonly string[] | null;
}

/**
 * Pairs of a monitor that has come since are left to the next time. Of a way that ends now before it has reached the server
 * the routers count on which it led there before, too: what is broken is among them.
 */
export async function loadFaultFleet(
  kysely: Kysely<Schema>,
  places: FleetPlaces,
): Promise<FaultFleet> {
  const servers = new Map(places.servers.map((place) => [Number(place.id), place]));
  const monitors = new Map(places.monitors.map((place) => [Number(place.id), place]));
  const ids = [...servers.keys()];
  const { rows } = await sql<PairRow>`
    with paths as (
      select distinct on (t.server_id, t.monitor_id, t.reached) t.server_id, t.monitor_id, t.ip, t.hops
      from traceroutes t
      where t.server_id = any(${ids}::bigint[]) and t.reason is null
        and t.ts > now() - make_interval(hours => ${HOPS_MAX_AGE_HOURS}::int)
      order by t.server_id, t.monitor_id, t.reached, t.ts desc
    ),
    routers as (
      select p.server_id, p.monitor_id, array_agg(distinct answer ->> 'ip') as hops
      from paths p, jsonb_array_elements(p.hops) hop, jsonb_array_elements(hop -> 'answers') answer
      where answer ->> 'ip' <> '' and answer ->> 'ip' <> host(p.ip)
      group by p.server_id, p.monitor_id
    )
    select ss.server_id::float8 as server_id, ss.monitor_id::float8 as monitor_id, r.hops
    from server_scores ss
    left join routers r on r.server_id = ss.server_id and r.monitor_id = ss.monitor_id
    where ss.server_id = any(${ids}::bigint[]) and ss.monitor_id = any(${[...monitors.keys()]}::bigint[])
      and ss.status in ('active', 'testing')
    order by ss.server_id, ss.monitor_id`.execute(kysely);
  const pairs = rows.map(
    ({ server_id: server, monitor_id: monitor, hops }): Pair => ({
      server: servers.get(server) as ServerPlace,
      monitor: monitors.get(monitor) as MonitorPlace,
      hops: hops ?? [],
    }),
  );
  return {
    pairs,
    serverIds: rows.map(({ server_id: id }) => id),
    monitorIds: rows.map(({ monitor_id: id }) => id),
  };
}
