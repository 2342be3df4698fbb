// What is wrong with a server may reach beyond it: then its alert is about that, and one with the alerts of all else that it
// reaches.

import type { UnixNs } from "@truechimer/base";
import { agentCause, type Cause } from "./cause.ts";

/** How far what is judged to be wrong reaches: a scope of the package fault, by its kind and its ends. */
export interface Reach {
  readonly kind: "server" | "monitor" | "account" | "network" | "servers" | "part" | "pair";
  readonly from: string;
  readonly to: string;
}

/** How people call what is known by its id; whoever does not know it gives the id. */
export interface ReachNames {
  readonly monitor: (id: string) => string;
  readonly server: (id: string) => string;
}

/** Before the networks that are known by their addresses alone. */
const PREFIX = "prefix ";

/** Undefined: it reaches no further than the server itself. */
export function causeOfReach({ kind, from, to }: Reach, names: ReachNames): Cause | undefined {
  switch (kind) {
    case "server":
      return undefined;
    case "servers":
      return { key: `network:${bare(from)}`, title: `network ${bare(from)}` };
    case "monitor":
      return agentCause(names.monitor(from));
    case "account":
      return { key: `account:${from}`, title: `agents of account ${from}` };
    case "network":
      return { key: `agents:${bare(from)}`, title: `agents in ${bare(from)}` };
    case "part":
      return { key: `path:${bare(from)}>${bare(to)}`, title: pathTitle(bare(from), to, names) };
    case "pair":
      return {
        key: `path:${from}>${to}`,
        title: `path from ${names.monitor(from)} to ${names.server(to)}`,
      };
  }
}

function pathTitle(from: string, to: string, names: ReachNames): string {
  if (to === "") return `path through ${from}`;
  return `path through ${from} to ${/^\d+$/.test(to) ? names.server(to) : bare(to)}`;
}

function bare(network: string): string {
  return network.startsWith(PREFIX) ? network.slice(PREFIX.length) : network;
}

/** What has one cause shows within this long; what comes later to a server that was told of is news of its own. */
const JOINS_NS = 180_000_000_000n;

/** An open alert as far as it may share an incident with another one. */
export interface PlacedAlert {
  /** Key of what it is about, by what is known now. */
  readonly causeKey: string;
  /** Its incident, of which somebody was told. Undefined: nobody was told of it. */
  readonly told: { readonly incident: bigint; readonly openedAtNs: UnixNs } | undefined;
}

/**
 * The incidents that go on under each cause: one that was told as a server's is the network's as soon as that is known,
 * and what else the network takes with it is no other message. Of several the oldest.
 */
export function toldIncidentsByCause(
  alerts: readonly PlacedAlert[],
  nowNs: UnixNs,
): ReadonlyMap<string, bigint> {
  const found = new Map<string, bigint>();
  for (const { causeKey, told } of alerts) {
    if (told === undefined || nowNs - told.openedAtNs > JOINS_NS) continue;
    const known = found.get(causeKey);
    if (known === undefined || told.incident < known) found.set(causeKey, told.incident);
  }
  return found;
}
