// What the facts mean under a policy: who may do what, who is of use, and at what cost. Monitors are put into the order of
// their ids, so that nothing depends on how they came.

import { networkKey } from "./network-key.ts";
import type { SelectionPolicy } from "./policy.ts";
import { delayBand, isHealthy, qualityCost, serverLevel } from "./quality.ts";
import type { MonitorFacts, Snapshot, ViolationType } from "./snapshot.ts";

/** Data older than this many intervals are stale; of an agent that has gone silent, fewer. */
const FRESH_INTERVALS = 3;
const FRESH_INTERVALS_OFFLINE = 2;

/**
 * What may become of a monitor. `blocked` (paused, deleted) leaves at once; `retiring` (pending) leaves as others come;
 * `excluded` stands in the server's network or belongs to its account; `unclear` has an address that is none, and stays
 * where it is; a `scorer` is none of ours.
 */
export type Role = "eligible" | "blocked" | "retiring" | "excluded" | "unclear" | "scorer";

/** A monitor of the snapshot as the policy sees it. */
export interface Standing {
  readonly facts: MonitorFacts;
  readonly role: Role;
  /** Of an excluded one. */
  readonly exclusion: ViolationType | undefined;
  readonly healthy: boolean;
  readonly fresh: boolean;
  /** May be active for all that the fleet says. */
  readonly promotable: boolean;
  /** Promotable, healthy and fresh: what the number of usable active monitors counts. */
  readonly usable: boolean;
  /** May be chosen for testing. */
  readonly testable: boolean;
  /** Has enough results for the place, or has the place. */
  readonly activeGateMet: boolean;
  readonly testingGateMet: boolean;
  /** Points; lower is better. */
  readonly cost: number;
  /** By how many points a newcomer must be better. */
  readonly margin: number;
  /** Number of its account among the snapshot's; -1: none, no limit. */
  readonly account: number;
  /** Number of its network, likewise. */
  readonly network: number;
  /** Its groups by country, network and delay band. */
  readonly groups: readonly [number, number, number];
}

/** All monitors of a snapshot by id, and the limits of the accounts by number. */
export interface Field {
  readonly standings: readonly Standing[];
  /** Active ones at most, by account number. */
  readonly accountLimits: readonly number[];
  readonly networks: number;
  readonly policy: SelectionPolicy;
  readonly nowMs: number;
  /** The server's address cannot be read: rules about networks do not apply. */
  readonly serverAddressUnclear: boolean;
}

export function fieldOf(snapshot: Snapshot, policy: SelectionPolicy, nowMs: number): Field {
  const { server, monitors } = snapshot;
  const level = serverLevel(monitors, nowMs);
  const newestMs = Math.max(
    ...monitors.map(({ measured }) => measured?.lastCheckAtMs ?? Number.NEGATIVE_INFINITY),
  );
  const subnet = policy.sameSubnetBits;
  const serverNetwork =
    subnet === null || server.ip === undefined ? undefined : networkKey(server.ip, subnet);
  const numbers = {
    account: numbering(),
    network: numbering(),
    country: numbering(),
    place: numbering(),
  };
  const accountLimits: number[] = [];
  const standings = monitors
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
    .map((facts): Standing => {
      const exclusion = exclusionOf(facts, { snapshot, policy, serverNetwork });
      const diversity =
        policy.diversityBits === null || facts.ip === undefined
          ? undefined
          : networkKey(facts.ip, policy.diversityBits);
      const unclear =
        policy.diversityBits !== null && facts.ip !== undefined && diversity === undefined;
      const role = unclear && isLive(facts) ? "unclear" : roleOf(facts, exclusion);
      const healthy = isHealthy(facts, level);
      // Silence of all is no silence of one: what nobody has measured since, nobody is late with. One gone silent is.
      const fresh = isFresh(facts, facts.online ? Math.min(nowMs, newestMs) : nowMs);
      const isOpen = role === "eligible" && facts.status !== "paused";
      const promotable = isOpen && facts.globalStatus === "active";
      const count = facts.measured?.count ?? 0;
      const cost = qualityCost(facts.measured, policy.quality);
      const account =
        policy.accountLimit === null || facts.accountId === undefined
          ? -1
          : numbers.account(String(facts.accountId));
      if (account >= 0 && facts.accountId !== undefined) {
        accountLimits[account] =
          snapshot.accountLimits?.get(facts.accountId) ?? policy.accountLimit ?? 0;
      }
      return {
        facts,
        role,
        exclusion,
        healthy,
        fresh,
        promotable,
        usable: promotable && healthy && fresh,
        testable: isOpen && healthy && fresh,
        activeGateMet: facts.status === "active" || count >= policy.activeGate,
        testingGateMet: isWorking(facts.status) || count >= policy.testingGate,
        cost,
        margin: Math.max(policy.hysteresisPoints, policy.hysteresisShare * cost),
        account,
        network: diversity === undefined ? -1 : numbers.network(diversity),
        groups: [
          numbers.country(facts.country),
          numbers.place(facts.network),
          delayBand(facts.measured) + 1,
        ],
      };
    });
  return {
    standings,
    accountLimits,
    networks: numbers.network.size(),
    policy,
    nowMs,
    serverAddressUnclear: subnet !== null && server.ip !== undefined && serverNetwork === undefined,
  };
}

/** Until when an assignment counts as fresh if nothing comes. */
export function freshUntilMs({
  measured,
  statusSinceMs,
  intervalMs,
  online,
}: MonitorFacts): number {
  const heardMs = Math.max(
    measured?.lastCheckAtMs ?? Number.NEGATIVE_INFINITY,
    statusSinceMs ?? Number.NEGATIVE_INFINITY,
  );
  return heardMs + (online ? FRESH_INTERVALS : FRESH_INTERVALS_OFFLINE) * intervalMs;
}

function isFresh(facts: MonitorFacts, nowMs: number): boolean {
  const works = isWorking(facts.status);
  if (!works && !facts.online) return false;
  // Who was never asked cannot be late.
  if (facts.measured === undefined && (!works || facts.statusSinceMs === undefined)) return true;
  return nowMs <= freshUntilMs(facts);
}

/** Whether the status means work that counts. */
export function isWorking(status: string): boolean {
  return status === "active" || status === "testing";
}

function isLive({ globalStatus, type }: MonitorFacts): boolean {
  return type === "monitor" && (globalStatus === "active" || globalStatus === "testing");
}

function roleOf({ type, globalStatus }: MonitorFacts, exclusion: ViolationType | undefined): Role {
  if (type === "score") return "scorer";
  if (globalStatus === "paused" || globalStatus === "deleted") return "blocked";
  if (globalStatus === "pending") return "retiring";
  return exclusion === undefined ? "eligible" : "excluded";
}

interface ExclusionInput {
  readonly snapshot: Snapshot;
  readonly policy: SelectionPolicy;
  readonly serverNetwork: string | undefined;
}

/** What no change of the assignment can mend: the NTP Pool's "unchangeable" violations. */
function exclusionOf(
  { ip, accountId }: MonitorFacts,
  { snapshot: { server }, policy, serverNetwork }: ExclusionInput,
): "network_same_subnet" | "account" | undefined {
  if (policy.sameSubnetBits !== null && serverNetwork !== undefined && ip !== undefined) {
    if (networkKey(ip, policy.sameSubnetBits) === serverNetwork) return "network_same_subnet";
  }
  const isOwn = accountId !== undefined && accountId === server.accountId;
  return policy.sameAccountForbidden && isOwn ? "account" : undefined;
}

interface Numbering {
  (key: string): number;
  readonly size: () => number;
}

/** Gives equal keys equal numbers, from 0. */
function numbering(): Numbering {
  const numbers = new Map<string, number>();
  const number = (key: string): number => {
    const known = numbers.get(key);
    if (known !== undefined) return known;
    numbers.set(key, numbers.size);
    return numbers.size - 1;
  };
  return Object.assign(number, { size: () => numbers.size });
}
