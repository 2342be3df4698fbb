// What a single cause can reach: a server, a monitor, all monitors of an account or a network, all servers of a network, or
// what goes through one hop or comes from one network.

/** Who checks. Texts are keys: equal means the same. Empty: not known. */
export interface MonitorPlace {
  readonly id: string;
  /** Its autonomous system, or else its prefix. */
  readonly network: string;
  readonly account: string;
  readonly country: string;
}

/** Who is checked. */
export interface ServerPlace {
  readonly id: string;
  /** The networks it stands in, the narrowest first, such as its prefix and its autonomous system. */
  readonly networks: readonly string[];
}

/** One monitor watching one server. */
export interface Pair {
  readonly monitor: MonitorPlace;
  readonly server: ServerPlace;
  /** Routers on the way from the last traceroute, without the server itself. Empty: not known. */
  readonly hops: readonly string[];
}

/** The pair of that number, which there is. */
export function pairAt(pairs: readonly Pair[], number: number): Pair {
  return pairs[number] as Pair;
}

/**
 * `server`, `monitor`, `account` (of monitors), `network` (of monitors) and `servers` (of one network): all that they see
 * and that is seen of them. `part`: the way from a network or through a hop to one server or to one network of servers.
 * `pair`: from one monitor to one server.
 */
export type ScopeKind = "server" | "monitor" | "account" | "network" | "servers" | "part" | "pair";

/** What a single cause would reach. */
export interface Scope {
  readonly kind: ScopeKind;
  /** Who or what it is: an id, an account, a network, a hop. */
  readonly from: string;
  /** Of `part` and `pair`: the server or the network of servers behind it; empty: all. */
  readonly to: string;
  /** Numbers of the pairs that it reaches, ascending. */
  readonly pairs: readonly number[];
}

/** All scopes with pairs of their own; of two that reach the same pairs and are equally somebody's fault, one. */
export function scopesOf(pairs: readonly Pair[]): readonly Scope[] {
  const found = new Map<string, { kind: ScopeKind; from: string; to: string; pairs: number[] }>();
  const add = (pair: number, kind: ScopeKind, from: string, to = ""): void => {
    if (from === "") return;
    const key = `${kind}\n${from}\n${to}`;
    const scope = found.get(key);
    if (scope === undefined) found.set(key, { kind, from, to, pairs: [pair] });
    else if (scope.pairs.at(-1) !== pair) scope.pairs.push(pair);
  };
  for (const [number, { monitor, server, hops }] of pairs.entries()) {
    add(number, "server", server.id);
    add(number, "monitor", monitor.id);
    add(number, "account", monitor.account);
    add(number, "network", monitor.network);
    add(number, "pair", monitor.id, server.id);
    for (const network of server.networks) add(number, "servers", network);
    for (const from of [monitor.network, ...hops]) {
      for (const to of [server.id, ...server.networks]) add(number, "part", from, to);
    }
    for (const hop of hops) add(number, "part", hop);
  }
  return withoutTwins([...found.values()], pairs);
}

/** Of scopes with the same pairs the first in this order stays. */
const ORDER: readonly ScopeKind[] = [
  "server",
  "monitor",
  "pair",
  "servers",
  "network",
  "account",
  "part",
];

function withoutTwins(scopes: readonly Scope[], pairs: readonly Pair[]): readonly Scope[] {
  const kept = new Map<string, Scope>();
  const distinct = (scope: Scope, read: (pair: Pair) => string): number =>
    new Set(scope.pairs.map((pair) => read(pairAt(pairs, pair)))).size;
  for (const kind of ORDER) {
    for (const scope of scopes) {
      if (scope.kind !== kind) continue;
      // One server is no network of servers, and one monitor neither an account nor a network of them.
      if (kind === "servers" && distinct(scope, ({ server }) => server.id) < 2) continue;
      if (kind === "network" || kind === "account") {
        if (distinct(scope, ({ monitor }) => monitor.id) < 2) continue;
      }
      if (kind === "part" && scope.pairs.length < 2) continue;
      const family = FAMILY[kind];
      const key = `${family}\n${scope.pairs.join(" ")}`;
      if (!kept.has(key)) kept.set(key, scope);
    }
  }
  return [...kept.values()];
}

/** Twins of one family differ in name alone; those of two are rivals, and stay. */
const FAMILY: Readonly<Record<ScopeKind, string>> = {
  server: "server",
  monitor: "monitor",
  account: "monitor",
  network: "network",
  servers: "path",
  part: "path",
  pair: "path",
};
