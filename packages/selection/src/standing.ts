// What the facts mean under a policy: who may do what, who is of use, and at what cost. Monitors are put into the order of
// their ids, so that nothing depends on how they came.

import { type NetworkAddress, type NetworkKey, networkAddress, networkKey } from "./network-key.ts";
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

/** The order of the monitors does not matter. */
export function fieldOf(snapshot: Snapshot, policy: SelectionPolicy, nowMs: number): Field {
  const { server, monitors } = snapshot;
  const context = contextOf(snapshot, policy, nowMs);
  const standings = inOrder(monitors).map((facts) => standingOf(facts, context));
  const { numbers, accountLimits, serverNetwork } = context;
  return {
    standings,
    accountLimits,
    networks: numbers.network.size(),
    policy,
    nowMs,
    serverAddressUnclear:
      policy.sameSubnetBits !== null && server.ip !== undefined && serverNetwork === undefined,
  };
}

function inOrder(monitors: readonly MonitorFacts[]): readonly MonitorFacts[] {
  const isBefore = (a: MonitorFacts, b: MonitorFacts | undefined): boolean =>
    b === undefined || a.id < b.id;
  return monitors.every((facts, place) => isBefore(facts, monitors[place + 1]))
    ? monitors
    : monitors.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

/** What the standing of every monitor depends on, and the numbers that are given to what they have in common. */
interface FieldContext {
  readonly snapshot: Snapshot;
  readonly policy: SelectionPolicy;
  readonly nowMs: number;
  readonly newestMs: number;
  readonly level: number | undefined;
  readonly serverNetwork: NetworkKey | undefined;
  readonly numbers: Readonly<Record<"account" | "network" | "country" | "place", Numbering>>;
  readonly accountLimits: number[];
}

function contextOf(snapshot: Snapshot, policy: SelectionPolicy, nowMs: number): FieldContext {
  const { server, monitors } = snapshot;
  const subnet = policy.sameSubnetBits;
  const address =
    server.ip === undefined || subnet === null ? undefined : networkAddress(server.ip);
  return {
    snapshot,
    policy,
    nowMs,
    newestMs: Math.max(
      ...monitors.map(({ measured }) => measured?.lastCheckAtMs ?? Number.NEGATIVE_INFINITY),
    ),
    level: serverLevel(monitors, nowMs),
    serverNetwork:
      subnet === null || address === undefined ? undefined : networkKey(address, subnet),
    numbers: {
      account: numbering(),
      network: numbering(),
      country: numbering(),
      place: numbering(),
    },
    accountLimits: [],
  };
}

function standingOf(facts: MonitorFacts, context: FieldContext): Standing {
  const { policy, nowMs, newestMs, level, numbers } = context;
  const address = addressOf(facts, policy);
  const exclusion = exclusionOf(facts, address, context);
  const unclear = policy.diversityBits !== null && facts.ip !== undefined && address === undefined;
  const role = unclear && isLive(facts) ? "unclear" : roleOf(facts, exclusion);
  const healthy = isHealthy(facts, level);
  // Silence of all is no silence of one: what nobody has measured since, nobody is late with. One gone silent is.
  const fresh = isFresh(facts, facts.online ? Math.min(nowMs, newestMs) : nowMs);
  const isOpen = role === "eligible" && facts.status !== "paused";
  const promotable = isOpen && facts.globalStatus === "active";
  const count = facts.measured?.count ?? 0;
  const cost = qualityCost(facts.measured, policy.quality);
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
    account: accountNumber(facts, context),
    network:
      policy.diversityBits === null || address === undefined
        ? -1
        : numbers.network(networkKey(address, policy.diversityBits)),
    groups: [
      numbers.country(facts.country),
      numbers.place(facts.network),
      delayBand(facts.measured) + 1,
    ],
  };
}

/** Undefined: it has none, it cannot be read, or no limit asks for it. */
function addressOf(
  { ip }: MonitorFacts,
  { sameSubnetBits, diversityBits }: SelectionPolicy,
): NetworkAddress | undefined {
  const isAsked = sameSubnetBits !== null || diversityBits !== null;
  return isAsked && ip !== undefined ? networkAddress(ip) : undefined;
}

function accountNumber(
  { accountId }: MonitorFacts,
  { policy, snapshot, numbers, accountLimits }: FieldContext,
): number {
  if (policy.accountLimit === null || accountId === undefined) return -1;
  const account = numbers.account(accountId);
  accountLimits[account] ??= snapshot.accountLimits?.get(accountId) ?? policy.accountLimit;
  return account;
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

/** What no change of the assignment can mend: the NTP Pool's "unchangeable" violations. */
function exclusionOf(
  { accountId }: MonitorFacts,
  address: NetworkAddress | undefined,
  { snapshot: { server }, policy, serverNetwork }: FieldContext,
): "network_same_subnet" | "account" | undefined {
  if (policy.sameSubnetBits !== null && serverNetwork !== undefined && address !== undefined) {
    if (networkKey(address, policy.sameSubnetBits) === serverNetwork) return "network_same_subnet";
  }
  const isOwn = accountId !== undefined && accountId === server.accountId;
  return policy.sameAccountForbidden && isOwn ? "account" : undefined;
}

type NumberingKey = NetworkKey | bigint;

interface Numbering {
  (key: NumberingKey): number;
  readonly size: () => number;
}

/** Gives equal keys equal numbers, from 0. */
function numbering(): Numbering {
  const numbers = new Map<NumberingKey, number>();
  const number = (key: NumberingKey): number => {
    const known = numbers.get(key);
    if (known !== undefined) return known;
    numbers.set(key, numbers.size);
    return numbers.size - 1;
  };
  return Object.assign(number, { size: () => numbers.size });
}
