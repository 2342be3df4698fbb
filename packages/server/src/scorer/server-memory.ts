// What the holder of a shard remembers of its servers, so that a result costs no look back into the history: the scorers'
// own scores, and of each monitor that may have a vote its newest result and what it is a witness of. While the lease
// lasts nobody else writes the scores; what others do change is compared in each transaction (assignments_version,
// live monitors). After a transaction that failed, or whose end is unknown, all of it is forgotten and read again.

import type { Witness } from "@truechimer/scoring";
import type { LoggedScore } from "./is-new-score.ts";
import type { LiveMonitors } from "./live-monitors.ts";
import type { ScorerName } from "./scorers.ts";
import { shardOf } from "./shards.ts";
import type { Standing, Vote } from "./vote.ts";

/** A scorer's own assignment to a server. */
export interface ScorerState {
  readonly assignmentId: bigint;
  score: number;
  /** Of the newest result that gave a score. */
  scoredAtNs: bigint | undefined;
  /** The newest row that it has in the history. */
  logged: LoggedScore | undefined;
}

/** A monitor whose assignment is active or testing. */
export interface Watcher {
  readonly standing: WatcherStanding;
  /** Absent: it has no result within the longest lookback. */
  vote: Vote | undefined;
  witness: Witness;
}

/** How a monitor stands to the server, and by itself. */
export interface WatcherStanding extends Standing {
  readonly monitorStatus: string;
}

export interface ServerState {
  readonly assignmentsVersion: bigint;
  /** Numbers of servers begin anew in a database that was emptied. */
  readonly createdOn: string;
  /** How far back the votes reach that it was loaded with. */
  readonly lookbackNs: bigint;
  /** Of its results that were scored, the newest time. */
  newestNs: bigint | undefined;
  readonly scorers: ReadonlyMap<ScorerName, ScorerState>;
  /** By monitor. */
  readonly watchers: Map<bigint, Watcher>;
  /** Votes of candidates; read only once no active or testing monitor has a vote. */
  candidates: Map<bigint, Vote> | undefined;
  /** When a packet of it was last decoded for its reference id; monotonic. */
  referenceReadAtNs: bigint | undefined;
}

/** Watchers and candidates remembered at most: some 500 bytes each. The servers that had no result for longest go first. */
const VOTES_MAX = 400_000;

export interface ScorerMemory {
  readonly servers: Map<bigint, ServerState>;
  live: LiveMonitors | undefined;
  /** Of the intervals in force; what a witness counts depends on them. */
  policy: string | undefined;
}

export function createScorerMemory(): ScorerMemory {
  return { servers: new Map(), live: undefined, policy: undefined };
}

export function forgetAll(memory: ScorerMemory): void {
  memory.servers.clear();
}

export function forgetShards(memory: ScorerMemory, shards: ReadonlySet<number>): void {
  for (const serverId of memory.servers.keys()) {
    if (shards.has(shardOf(serverId))) memory.servers.delete(serverId);
  }
}

/** To be called when a transaction has ended well; `touched` go last next time. */
export function limitMemory(memory: ScorerMemory, touched: Iterable<bigint>): void {
  const { servers } = memory;
  for (const serverId of touched) {
    const state = servers.get(serverId);
    if (state === undefined) continue;
    servers.delete(serverId);
    servers.set(serverId, state);
  }
  let votes = 0;
  for (const state of servers.values()) votes += votesOf(state);
  for (const [serverId, state] of servers) {
    if (votes <= VOTES_MAX) return;
    votes -= votesOf(state);
    servers.delete(serverId);
  }
}

function votesOf({ watchers, candidates }: ServerState): number {
  return 1 + watchers.size + (candidates?.size ?? 0);
}
