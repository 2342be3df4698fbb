// Where the servers and the monitors of a fleet stand: networks, accounts, countries.

import type { Schema } from "@truechimer/database";
import type { MonitorPlace, ServerPlace } from "@truechimer/fault";
import { networkAddress, networkKey } from "@truechimer/selection";
import { type Kysely, sql } from "kysely";
import type { NetworkTable } from "../networks/networks.ts";
import type { PlacedServer } from "./fleet-pieces.ts";

/** The prefixes that the selection of monitors tells networks by. */
const PREFIX = { v4: 24, v6: 48 };

export interface PlaceOptions {
  readonly lab: boolean;
  readonly networks: NetworkTable;
}

interface ServerRow {
  readonly id: number;
  readonly ip: string;
  readonly pairs: number;
}

/** Of the lab, or the real ones, with the monitors that count. */
export async function loadPlacedServers(
  kysely: Kysely<Schema>,
  options: PlaceOptions,
): Promise<readonly PlacedServer[]> {
  const { rows } = await sql<ServerRow>`
    select s.id::float8 as id, host(s.ip) as ip, count(*)::int as pairs
    from server_scores ss
    join servers s on s.id = ss.server_id
    join monitors m on m.id = ss.monitor_id
    where s.state = 'watched' and s.lab = ${options.lab} and ss.status in ('active', 'testing')
      and m.type = 'monitor' and m.status in ('active', 'testing') and m.is_current and m.deleted_on is null
    group by s.id order by s.id`.execute(kysely);
  return rows.map(({ id, ip, pairs }) => ({ id, pairs, place: serverPlace(id, ip, options) }));
}

export interface MonitorRow {
  readonly id: number;
  readonly ip: string | null;
  readonly account_id: bigint | null;
  readonly country: string;
  readonly network: string;
}

/** All that may watch. */
export async function loadMonitorPlaces(
  kysely: Kysely<Schema>,
  options: PlaceOptions,
): Promise<readonly MonitorPlace[]> {
  const { rows } = await sql<MonitorRow>`
    select m.id::float8 as id, host(m.ip) as ip, m.account_id, coalesce(a.country, m.country) as country,
      coalesce(a.network, m.network) as network
    from monitors m left join agents a on a.id = m.agent_id
    where m.type = 'monitor' and m.status in ('active', 'testing') and m.is_current and m.deleted_on is null
    order by m.id`.execute(kysely);
  return rows.map((row) => monitorPlace(row, options));
}

/**
 * Its network: the autonomous system, or in a person's words, or the prefix. Without an address its own; so in the lab,
 * where all addresses are one host's.
 */
function monitorPlace(row: MonitorRow, { lab, networks }: PlaceOptions): MonitorPlace {
  const id = String(row.id);
  const { ip } = row;
  const number = ip === null ? undefined : networks.of(ip)?.number;
  const prefix = ip === null || lab ? `monitor ${id}` : prefixOf(ip);
  return {
    id,
    network: number === undefined ? row.network || prefix : `AS${number}`,
    account: row.account_id === null || lab ? "" : String(row.account_id),
    country: row.country,
  };
}

function serverPlace(id: number, ip: string, { lab, networks }: PlaceOptions): ServerPlace {
  if (lab) return { id: String(id), networks: [] };
  const number = networks.of(ip)?.number;
  const prefix = prefixOf(ip);
  return { id: String(id), networks: number === undefined ? [prefix] : [prefix, `AS${number}`] };
}

function prefixOf(ip: string): string {
  const address = networkAddress(ip);
  return address === undefined ? ip : `prefix ${networkKey(address, PREFIX)}`;
}
