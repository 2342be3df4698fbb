// What several alerts have in common: one agent's outage is not two hundred servers' alarms. A cause is a key, such as
// "server:5", and the words for it.

import { assert } from "@truechimer/base";

/** What an incident is about. */
export interface Cause {
  /** "server:5", "agent:zurich", "network:192.0.2.0/24", "path:AS64500>192.0.2.0/24", "rule:3", "many_servers". */
  readonly key: string;
  readonly title: string;
}

/** A server that some rule's alert fires for. */
export interface FiringServer {
  readonly id: bigint;
  readonly name: string;
  /** Prefix of its network, such as "192.0.2.0/24". Absent: it is of no use, as on loopback. */
  readonly network?: string;
  readonly unreachable: boolean;
  /** Too few monitors see it, or none. */
  readonly unwatched: boolean;
  /** Its clock is held to be wrong, by those who see it. */
  readonly falseticker: boolean;
  /** Agents that are to watch it, by name. */
  readonly agents: readonly string[];
}

/** An alert that fires for a server. */
export interface ServerAlert {
  readonly serverId: bigint;
  /** What it is about, where that is judged to reach beyond the server. Undefined: the server, as far as anybody knows. */
  readonly wider: Cause | undefined;
}

/** What else is known of the moment. */
export interface Surroundings {
  /** Agents that are not heard of. */
  readonly lostAgents: ReadonlySet<string>;
  /** Watched servers in each network. */
  readonly serversByNetwork: ReadonlyMap<string, number>;
}

/** Fewer servers of a network fall silent together by chance. */
const NETWORK_SERVERS_MIN = 3;
/** From here on nobody reads them one by one. */
export const MANY_SERVERS = 10;

/** The cause of each alert, in their order. A lost agent explains what is judged without it. */
export function causesOfAlerts(
  alerts: readonly ServerAlert[],
  servers: ReadonlyMap<bigint, FiringServer>,
  surroundings: Surroundings,
): readonly (Cause | undefined)[] {
  const widerOf = ({ serverId, wider }: ServerAlert): Cause | undefined => {
    const server = servers.get(serverId);
    const isLost =
      server !== undefined && lostAgentOf(server, surroundings.lostAgents) !== undefined;
    return isLost ? undefined : wider;
  };
  const alone = new Set(
    alerts.flatMap((alert) => (widerOf(alert) === undefined ? [alert.serverId] : [])),
  );
  const causes = causesOfServers(
    [...alone].flatMap((id) => servers.get(id) ?? []),
    surroundings,
  );
  return alerts.map((alert) => widerOf(alert) ?? causes.get(alert.serverId));
}

/** Of servers about which nothing further is judged: one cause each, by the server's id. */
export function causesOfServers(
  servers: readonly FiringServer[],
  { lostAgents, serversByNetwork }: Surroundings,
): ReadonlyMap<bigint, Cause> {
  const causes = new Map<bigint, Cause>();
  for (const server of servers) {
    const agent = lostAgentOf(server, lostAgents);
    if (agent !== undefined) causes.set(server.id, agentCause(agent));
  }
  const silent = servers.filter(({ id, unreachable }) => unreachable && !causes.has(id));
  for (const [network, members] of Map.groupBy(silent, (server) => server.network)) {
    if (network === undefined || members.length < NETWORK_SERVERS_MIN) continue;
    // More than half: the others would be the news.
    if (2 * members.length <= (serversByNetwork.get(network) ?? 0)) continue;
    const cause = { key: `network:${network}`, title: `network ${network}` };
    for (const { id } of members) causes.set(id, cause);
  }
  const alone = servers.filter(({ id }) => !causes.has(id));
  const many = alone.length >= MANY_SERVERS;
  for (const server of alone) {
    causes.set(
      server.id,
      many ? { key: "many_servers", title: "many servers" } : serverCause(server),
    );
  }
  assert(
    servers.every(({ id }) => causes.has(id)),
    "every server has a cause, if only itself",
  );
  return causes;
}

function serverCause({ id, name }: Pick<FiringServer, "id" | "name">): Cause {
  return { key: `server:${id}`, title: name };
}

/** An agent has a monitor for each IP family, of the same name. */
export function agentCause(name: string): Cause {
  return { key: `agent:${name}`, title: `agent ${name}` };
}

/** All that were to watch it are lost; or some are, and too few are left. A clock does not lie because nobody looks. */
function lostAgentOf(
  { agents, unwatched, falseticker }: FiringServer,
  lostAgents: ReadonlySet<string>,
): string | undefined {
  if (falseticker && !unwatched) return undefined;
  const lost = agents.filter((name) => lostAgents.has(name));
  if (lost.length === 0) return undefined;
  return unwatched || lost.length === agents.length ? lost.toSorted()[0] : undefined;
}
