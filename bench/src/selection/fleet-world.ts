// A fleet in virtual time: monitors that stand somewhere, measure, fall silent and come back, join and leave; and what
// reviews would read of them. Everything follows from one seed.

import { type Random, unsafelyDeterministicRandom } from "@truechimer/base";
import type { AssignmentStatus, MonitorFacts, ReviewPlan, Snapshot } from "@truechimer/selection";
import { POOL_PROBE_POLICY } from "@truechimer/server";
import { normal } from "./noise.ts";

const MINUTE_MS = 60_000;
/** The half-life of the averages makes so many results of an active monitor count. */
const WEIGHT_MAX = 40;
/** Round trip over the longest way, and of the last mile. */
const FAR_MS = 260;
const NEAR_MS = 4;
const COUNTRIES = 25;
const NETWORKS = 60;
const LOSS_MAX = 0.02;
/** Of the delay, drawn anew at each review: harsher than averages over hours. */
const NOISE = 0.05;

export interface WorldOptions {
  readonly servers: number;
  readonly monitors: number;
  readonly seed: number;
  readonly startMs: number;
}

interface Place {
  readonly x: number;
  readonly y: number;
}

interface WorldMonitor {
  readonly id: bigint;
  readonly place: Place;
  readonly accountId: bigint;
  readonly ip: string;
  readonly country: string;
  readonly network: string;
  readonly lossShare: number;
  readonly residualMs: number;
  hasLeft: boolean;
  /** Absent: it is measuring. */
  silentSinceMs?: number;
  online: boolean;
  activeServers: number;
  /** When it joined, fell silent or came back last. */
  changedAtMs: number;
}

interface Assignment {
  readonly delayMs: number;
  status: AssignmentStatus;
  statusSinceMs: number;
  demotedAtMs?: number;
  reversals: number;
  /** Absent: no result yet. */
  lastCheckAtMs?: number;
  count: number;
  /** Until then this monitor sees this server badly. */
  badUntilMs: number;
}

interface WorldServer {
  readonly id: bigint;
  readonly place: Place;
  readonly accountId: bigint;
  readonly ip: string;
  readonly assignments: Map<bigint, Assignment>;
}

export class FleetWorld {
  readonly random: Random;
  readonly servers: readonly WorldServer[];
  readonly monitors: Map<bigint, WorldMonitor> = new Map();

  constructor({ servers, monitors, seed, startMs }: WorldOptions) {
    this.random = unsafelyDeterministicRandom(seed);
    this.servers = Array.from({ length: servers }, (_, index) => ({
      id: BigInt(index + 1),
      place: this.#place(),
      accountId: BigInt(10_000 + index),
      ip: `198.51.${100 + (index >>> 8)}.${index & 255}`,
      assignments: new Map<bigint, Assignment>(),
    }));
    for (let count = 0; count < monitors; count += 1) this.join(startMs);
  }

  /** A new monitor, with an assignment to every server. */
  join(nowMs: number): bigint {
    const index = this.monitors.size;
    const monitor: WorldMonitor = {
      id: BigInt(index + 1),
      place: this.#place(),
      // Two of five accounts have a second monitor.
      accountId: BigInt(1 + Math.floor(index * 0.7)),
      ip: addressOf(index),
      country: `C${this.below(COUNTRIES)}`,
      network: `N${this.below(NETWORKS)}`,
      lossShare: LOSS_MAX * this.random.fraction(),
      residualMs: 0.5 + 3 * this.random.fraction(),
      hasLeft: false,
      online: true,
      activeServers: 0,
      changedAtMs: nowMs,
    };
    this.monitors.set(monitor.id, monitor);
    for (const server of this.servers) {
      server.assignments.set(monitor.id, {
        delayMs: NEAR_MS + (FAR_MS * distance(server.place, monitor.place)) / Math.SQRT2,
        status: "candidate",
        statusSinceMs: nowMs,
        reversals: 0,
        count: 0,
        badUntilMs: 0,
      });
    }
    return monitor.id;
  }

  leave(id: bigint): void {
    const monitor = this.#monitor(id);
    monitor.hasLeft = true;
  }

  /** It measures no more; the fleet does not know yet. */
  fallSilent(id: bigint, nowMs: number): void {
    for (const server of this.servers) this.#measure(server, id, nowMs);
    const monitor = this.#monitor(id);
    monitor.silentSinceMs = nowMs;
    monitor.changedAtMs = nowMs;
  }

  /** What is overdue is measured at once. */
  comeBack(id: bigint, nowMs: number): void {
    const monitor = this.#monitor(id);
    delete monitor.silentSinceMs;
    monitor.changedAtMs = nowMs;
    for (const { assignments } of this.servers) {
      const assignment = assignments.get(id);
      if (assignment !== undefined) assignment.lastCheckAtMs = nowMs;
    }
  }

  setOnline(id: bigint, online: boolean): void {
    this.#monitor(id).online = online;
  }

  /** For a while these see the server badly. */
  spoilPaths(serverId: bigint, ids: readonly bigint[], untilMs: number): void {
    for (const id of ids) {
      const assignment = this.#server(serverId).assignments.get(id);
      if (assignment !== undefined) assignment.badUntilMs = untilMs;
    }
  }

  live(): readonly bigint[] {
    return [...this.monitors.values()].flatMap(({ id, hasLeft }) => (hasLeft ? [] : [id]));
  }

  active(serverId: bigint): readonly bigint[] {
    return [...this.#server(serverId).assignments].flatMap(([id, { status }]) =>
      status === "active" ? [id] : [],
    );
  }

  /** The networks (/20) of its active and testing monitors, one a monitor. */
  workingNetworks(serverId: bigint): readonly string[] {
    return [...this.#server(serverId).assignments].flatMap(([id, { status }]) => {
      if (status !== "active" && status !== "testing") return [];
      const [a, b, c] = this.#monitor(id).ip.split(".");
      return [`${a}.${b}.${Number(c) >>> 4}`];
    });
  }

  lastCheckAtMs(serverId: bigint, id: bigint): number {
    return this.#server(serverId).assignments.get(id)?.lastCheckAtMs ?? Number.NEGATIVE_INFINITY;
  }

  /** When something happened last to the monitor, or to how it sees the server. */
  changedAtMs(serverId: bigint, id: bigint): number {
    const spoiltMs = this.#server(serverId).assignments.get(id)?.badUntilMs ?? 0;
    return Math.max(this.#monitor(id).changedAtMs, spoiltMs);
  }

  /** What a review would read now. */
  snapshot(serverId: bigint, nowMs: number): Snapshot {
    const server = this.#server(serverId);
    const { id, accountId, ip, assignments } = server;
    const monitors: MonitorFacts[] = [];
    for (const [monitorId, assignment] of assignments) {
      this.#measure(server, monitorId, nowMs);
      monitors.push(this.#facts(this.#monitor(monitorId), assignment, nowMs));
    }
    return { server: { id, accountId, ip }, monitors };
  }

  apply(serverId: bigint, { changes }: ReviewPlan, nowMs: number): void {
    const { assignments } = this.#server(serverId);
    for (const { monitorId, from, to } of changes) {
      const assignment = assignments.get(monitorId);
      if (assignment === undefined) continue;
      if (to === "active") {
        const week =
          nowMs - (assignment.demotedAtMs ?? Number.NEGATIVE_INFINITY) < 7 * 1_440 * MINUTE_MS;
        assignment.reversals = week ? assignment.reversals + 1 : 0;
      }
      if (from === "active") assignment.demotedAtMs = nowMs;
      assignment.status = to;
      assignment.statusSinceMs = nowMs;
      this.#monitor(monitorId).activeServers += Number(to === "active") - Number(from === "active");
    }
  }

  below(limit: number): number {
    return Math.floor(this.random.fraction() * limit);
  }

  #place(): Place {
    return { x: this.random.fraction(), y: this.random.fraction() };
  }

  #monitor(id: bigint): WorldMonitor {
    const monitor = this.monitors.get(id);
    if (monitor === undefined) throw new RangeError(`there is no monitor ${id}`);
    return monitor;
  }

  #server(id: bigint): WorldServer {
    const server = this.servers[Number(id) - 1];
    if (server === undefined) throw new RangeError(`there is no server ${id}`);
    return server;
  }

  /** The checks since the last one, as often as the assignment's turn comes; the first at once. */
  #measure({ assignments }: WorldServer, id: bigint, nowMs: number): void {
    const assignment = assignments.get(id);
    const { hasLeft, silentSinceMs } = this.#monitor(id);
    if (assignment === undefined || hasLeft || silentSinceMs !== undefined) return;
    const { lastCheckAtMs, statusSinceMs, status } = assignment;
    if (lastCheckAtMs === undefined) assignment.count += 1;
    const fromMs = lastCheckAtMs ?? statusSinceMs;
    const checks = Math.floor((nowMs - fromMs) / intervalMs(status));
    assignment.lastCheckAtMs = fromMs + checks * intervalMs(status);
    assignment.count += checks;
  }

  #facts(monitor: WorldMonitor, assignment: Assignment, nowMs: number): MonitorFacts {
    const { id, accountId, ip, country, network, hasLeft, online, activeServers } = monitor;
    const { status, statusSinceMs, demotedAtMs, reversals, lastCheckAtMs } = assignment;
    const isBad = nowMs < assignment.badUntilMs;
    const all = Math.max(1, this.servers.length * 7);
    return {
      id,
      type: "monitor",
      globalStatus: hasLeft ? "deleted" : "active",
      accountId,
      ip,
      country,
      network,
      status,
      statusSinceMs,
      ...(demotedAtMs === undefined ? {} : { demotedAtMs }),
      reversals,
      ...(lastCheckAtMs === undefined
        ? {}
        : {
            measured: {
              count: assignment.count,
              weight: Math.min(WEIGHT_MAX, assignment.count),
              meanStep: isBad ? -2 : 1 - 5 * monitor.lossShare,
              lossShare: isBad ? 0.6 : monitor.lossShare,
              delayMs: Math.max(1, assignment.delayMs * (1 + NOISE * normal(this.random))),
              residualMs: monitor.residualMs,
              lastCheckAtMs,
            },
          }),
      intervalMs: intervalMs(status),
      online,
      badEverywhere: false,
      activeServers,
      accountShare: activeServers / all,
    };
  }
}

function intervalMs(status: AssignmentStatus): number {
  if (status === "active") return POOL_PROBE_POLICY.checkIntervalMs;
  return status === "testing"
    ? POOL_PROBE_POLICY.testingIntervalMs
    : POOL_PROBE_POLICY.slowIntervalMs;
}

function distance(one: Place, other: Place): number {
  return Math.hypot(one.x - other.x, one.y - other.y);
}

/** Every fifth monitor stands in the network (/20) of the one before it. */
function addressOf(index: number): string {
  const network = index % 5 === 4 ? index - 1 : index;
  return `10.${network >>> 4}.${(network & 15) << 4}.${1 + (index % 250)}`;
}
