// Where servers stand: their networks, and who is to watch them.

import type { FiringServer } from "@truechimer/alerts";
import type { Schema } from "@truechimer/database";
import { type Kysely, sql } from "kysely";

/** Of one server. */
export type ServerPlace = Pick<FiringServer, "network" | "agents">;

export interface ServerPlaces {
  readonly byServer: ReadonlyMap<bigint, ServerPlace>;
  /** Watched servers in each network. */
  readonly serversByNetwork: ReadonlyMap<string, number>;
}

// The lab is on loopback, where all have one network.
const NETWORK = sql`case when s.lab then null
  else text(network(set_masklen(s.ip, case family(s.ip) when 4 then 24 else 48 end))) end`;

export async function readServerPlaces(
  kysely: Kysely<Schema>,
  ids: readonly bigint[],
): Promise<ServerPlaces> {
  const { rows } = await sql<{
    readonly id: bigint;
    readonly network: string | null;
    readonly agents: readonly string[] | null;
  }>`
    select s.id, ${NETWORK} as network, (
      select array_agg(distinct m.hostname) from server_scores ss join monitors m on m.id = ss.monitor_id
      where ss.server_id = s.id and ss.status in ('active', 'testing') and m.type = 'monitor'
    ) as agents
    from servers s where s.id = any(${ids}::bigint[])`.execute(kysely);
  const networks = await sql<{ readonly network: string; readonly servers: bigint }>`
    select ${NETWORK} as network, count(*) as servers from servers s
    where s.state = 'watched' and not s.lab group by 1`.execute(kysely);
  return {
    byServer: new Map(
      rows.map(({ id, network, agents }) => [
        id,
        { ...(network === null ? {} : { network }), agents: agents ?? [] },
      ]),
    ),
    serversByNetwork: new Map(
      networks.rows.map(({ network, servers }) => [network, Number(servers)]),
    ),
  };
}

const UNWATCHED_REASONS: ReadonlySet<string> = new Set(["few_witnesses", "no_witness"]);

/** Too few monitors see it, by the coded reason of its verdict. */
export function isUnwatched(verdictReason: string): boolean {
  return UNWATCHED_REASONS.has(verdictReason);
}
