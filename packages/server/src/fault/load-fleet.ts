// Who watches whom now, and where each stands: networks, accounts, countries, and the routers of the last traceroutes.

import type { Schema } from "@truechimer/database";
import type { MonitorPlace, Pair, ServerPlace } from "@truechimer/fault";
import { networkAddress, networkKey } from "@truechimer/selection";
import { type Kysely, sql } from "kysely";
import type { NetworkTable } from "../networks/networks.ts";

/** Pairs that are judged at once: 250 servers with twelve monitors each take a tenth of a second. */
const FAULT_PAIRS_MAX = 12_000;
/** A path older than this is no evidence any more: they are traced once a day. */
const HOPS_MAX_AGE_HOURS = 48;
/** The prefixes that the selection of monitors tells networks by. */
const PREFIX = { v4: 24, v6: 48 };

export interface FaultFleet {
  readonly pairs: readonly Pair[];
  /** Of each pair, in the same order. */
  readonly serverIds: readonly number[];
  readonly monitorIds: readonly number[];
}

interface PairRow {
  readonly server_id: bigint;
  readonly server_ip: string;
  readonly monitor_id: bigint;
  readonly monitor_ip: string | null;
  readonly account_id: bigint | null;
  readonly country: string;
  readonly network: string;
  readonly hops: readonly string[] | null;
}

export interface FleetOptions {
  readonly lab: boolean;
  readonly networks: NetworkTable;
}

/** Of the lab, or of the real servers. Beyond the limit those come first whose verdict is not good. */
export async function loadFaultFleet(
  kysely: Kysely<Schema>,
  { lab, networks }: FleetOptions,
): Promise<FaultFleet> {
  const { rows } = await sql<PairRow>`
    with watched as (
      select ss.server_id, ss.monitor_id, s.ip as server_ip, s.verdict,
        m.ip as monitor_ip, m.account_id, coalesce(a.country, m.country) as country,
        coalesce(a.network, m.network) as network
      from server_scores ss
      join servers s on s.id = ss.server_id
      join monitors m on m.id = ss.monitor_id
      left join agents a on a.id = m.agent_id
      where s.state = 'watched' and s.lab = ${lab} and ss.status in ('active', 'testing')
        and m.type = 'monitor' and m.status in ('active', 'testing') and m.is_current and m.deleted_on is null
      order by s.verdict = 'truechimer', ss.server_id, ss.monitor_id
      limit ${FAULT_PAIRS_MAX}
    ),
    paths as (
      select distinct on (t.server_id, t.monitor_id) t.server_id, t.monitor_id, t.ip, t.hops
      from traceroutes t
      where t.server_id is not null and t.reason is null
        and t.ts > now() - make_interval(hours => ${HOPS_MAX_AGE_HOURS}::int)
      order by t.server_id, t.monitor_id, t.ts desc
    )
    select w.server_id, host(w.server_ip) as server_ip, w.monitor_id, host(w.monitor_ip) as monitor_ip, w.account_id,
      w.country, w.network,
      (select array_agg(distinct answer ->> 'ip') from jsonb_array_elements(p.hops) hop,
        jsonb_array_elements(hop -> 'answers') answer
        where answer ->> 'ip' <> '' and answer ->> 'ip' <> host(p.ip)) as hops
    from watched w
    left join paths p on p.server_id = w.server_id and p.monitor_id = w.monitor_id
    order by w.server_id, w.monitor_id`.execute(kysely);
  const monitors = new Map<bigint, MonitorPlace>();
  const servers = new Map<bigint, ServerPlace>();
  const pairs = rows.map((row): Pair => {
    const monitor = monitors.get(row.monitor_id) ?? monitorPlace(row, { lab, networks });
    const server = servers.get(row.server_id) ?? serverPlace(row, { lab, networks });
    monitors.set(row.monitor_id, monitor);
    servers.set(row.server_id, server);
    return { monitor, server, hops: row.hops ?? [] };
  });
  return {
    pairs,
    serverIds: rows.map(({ server_id: id }) => Number(id)),
    monitorIds: rows.map(({ monitor_id: id }) => Number(id)),
  };
}

/**
 * Its network: the autonomous system, or in a person's words, or the prefix. Without an address its own; so in the lab,
 * where all addresses are one host's.
 */
function monitorPlace(row: PairRow, { lab, networks }: FleetOptions): MonitorPlace {
  const id = String(row.monitor_id);
  const ip = row.monitor_ip;
  const number = ip === null ? undefined : networks.of(ip)?.number;
  const prefix = ip === null || lab ? `monitor ${id}` : prefixOf(ip);
  return {
    id,
    network: number === undefined ? row.network || prefix : `AS${number}`,
    account: row.account_id === null || lab ? "" : String(row.account_id),
    country: row.country,
  };
}

function serverPlace(row: PairRow, { lab, networks }: FleetOptions): ServerPlace {
  if (lab) return { id: String(row.server_id), networks: [] };
  const number = networks.of(row.server_ip)?.number;
  const prefix = prefixOf(row.server_ip);
  return {
    id: String(row.server_id),
    networks: number === undefined ? [prefix] : [prefix, `AS${number}`],
  };
}

function prefixOf(ip: string): string {
  const address = networkAddress(ip);
  return address === undefined ? ip : `prefix ${networkKey(address, PREFIX)}`;
}
