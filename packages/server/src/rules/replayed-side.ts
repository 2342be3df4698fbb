// One server as the scorers and the verdict have it, under one set of rules: their own code, over results that are handed in
// one by one. Nothing is written.

import { assert } from "@truechimer/base";
import {
  type RuleSet,
  type Verdict,
  type VerdictPolicy,
  verdictOf,
  type Witness,
} from "@truechimer/scoring";
import type { ProbePolicy, ServerPolicy } from "../policy.ts";
import type { StoredStandings } from "../scorer/note-order.ts";
import type { ScoredResult } from "../scorer/scored-result.ts";
import { EVERY_SCORER, RECENT_MEDIAN_SCORER, type ScorerName } from "../scorer/scorers.ts";
import type { ScorerState, ServerState, WatcherStanding } from "../scorer/server-memory.ts";
import { type ServerOutcome, stepServer } from "../scorer/step-server.ts";
import { newerVote, type Vote, voteOfResult } from "../scorer/vote.ts";
import { witnessAfter } from "../scorer/witness-after.ts";
import { witnessIntervalNs } from "../verdict/load-witnesses.ts";
import { verdictPolicy } from "../verdict/reach-verdicts.ts";
import type { RuleSetOf } from "./rule-sets.ts";

/** What does not change over a replay. */
export interface SideWorld {
  readonly serverId: bigint;
  readonly lab: boolean;
  readonly policy: ServerPolicy;
  readonly probe: ProbePolicy;
  /** Since when each monitor has watched the server. */
  readonly watchingSinceNs: ReadonlyMap<bigint, bigint>;
}

/** What is known of a monitor, whether it counts or not. */
interface KnownMonitor {
  vote: Vote | undefined;
  witness: Witness;
}

export class ReplayedSide {
  readonly #world: SideWorld;
  readonly #rulesOf: RuleSetOf;
  readonly #state: ServerState;
  readonly #known = new Map<bigint, KnownMonitor>();
  #rules: RuleSet;

  /** `rules`: for verdicts before the first result. */
  constructor(world: SideWorld, rulesOf: RuleSetOf, rules: RuleSet) {
    this.#world = world;
    this.#rulesOf = rulesOf;
    this.#rules = rules;
    this.#state = {
      assignmentsVersion: 0n,
      createdOn: "",
      lookbackNs: 0n,
      newestNs: undefined,
      scorers: new Map<ScorerName, ScorerState>([
        [EVERY_SCORER, scorerState()],
        [RECENT_MEDIAN_SCORER, scorerState()],
      ]),
      watchers: new Map(),
      candidates: new Map(),
      referenceReadAtNs: undefined,
    };
  }

  /** Absent: no result had a vote. */
  get overall(): number | undefined {
    const state = this.scorer(RECENT_MEDIAN_SCORER);
    return state.scoredAtNs === undefined ? undefined : state.score;
  }

  scorer(name: ScorerName): ScorerState {
    const state = this.#state.scorers.get(name);
    assert(state !== undefined, "both scorers are replayed");
    return state;
  }

  take(result: ScoredResult): ServerOutcome {
    const { serverId, probe } = this.#world;
    this.#rules = this.#rulesOf(result);
    const outcome = stepServer({
      serverId,
      state: this.#state,
      results: [result],
      ofCandidates: new Set([result]),
      probe,
      rulesOf: this.#rulesOf,
    });
    if (!this.#state.watchers.has(result.monitorId)) this.#remember(result);
    return outcome;
  }

  /** Who counts from now on. */
  stand(standings: StoredStandings): void {
    const { watchers, candidates } = this.#state;
    for (const [monitorId, { vote, witness }] of watchers)
      this.#known.set(monitorId, { vote, witness });
    watchers.clear();
    // Candidates are whoever has results and does not watch.
    for (const [monitorId, { vote }] of this.#known) {
      if (vote !== undefined)
        candidates?.set(monitorId, { ...vote, assignment: "candidate", monitorVotes: true });
    }
    for (const [id, assignment, monitorStatus] of standings) {
      const monitorId = BigInt(id);
      candidates?.delete(monitorId);
      const standing: WatcherStanding = { assignment, monitorStatus, monitorVotes: true };
      const { vote, witness } = this.#known.get(monitorId) ?? this.#unknown(monitorId);
      const intervalNs = this.#intervalNs(standing, vote?.score ?? 0);
      watchers.set(monitorId, {
        standing,
        vote: vote === undefined ? undefined : { ...vote, assignment, monitorVotes: true },
        witness: { ...witness, intervalNs },
      });
    }
  }

  judge(nowNs: bigint): Verdict {
    return verdictOf({ nowNs, witnesses: this.#witnesses(), policy: this.#policy() });
  }

  /** Instants within the range, without its beginning, at which the verdict may change though nothing comes in. */
  turningPoints(fromNs: bigint, toNs: bigint): readonly bigint[] {
    const intervals = BigInt(this.#policy().freshIntervals);
    const points: bigint[] = [];
    for (const { checkedAtNs, answer, watchingSinceNs, intervalNs } of this.#witnesses()) {
      for (const atNs of [checkedAtNs, answer?.atNs, watchingSinceNs]) {
        if (atNs === undefined) continue;
        const endNs = atNs + intervalNs * intervals;
        if (endNs > fromNs && endNs <= toNs) points.push(endNs);
      }
    }
    return points;
  }

  #witnesses(): readonly Witness[] {
    return [...this.#state.watchers.values()].map(({ witness }) => witness);
  }

  #policy(): VerdictPolicy {
    return verdictPolicy(this.#world.policy, this.#rules, this.#world);
  }

  #remember(result: ScoredResult): void {
    const { vote, witness } = this.#known.get(result.monitorId) ?? this.#unknown(result.monitorId);
    const standing = { assignment: "candidate", monitorVotes: true } as const;
    this.#known.set(result.monitorId, {
      vote: newerVote(voteOfResult(result, standing), vote),
      witness: witnessAfter(witness, result, witness.intervalNs),
    });
  }

  #unknown(monitorId: bigint): KnownMonitor {
    return {
      vote: undefined,
      witness: {
        monitorId,
        checkedAtNs: undefined,
        reason: undefined,
        answer: undefined,
        watchingSinceNs: this.#world.watchingSinceNs.get(monitorId) ?? 0n,
        intervalNs: 0n,
      },
    };
  }

  #intervalNs({ assignment: status, monitorStatus }: WatcherStanding, score: number): bigint {
    return witnessIntervalNs({ status, monitorStatus, score }, this.#world.probe);
  }
}

function scorerState(): ScorerState {
  return { assignmentId: 0n, score: 0, scoredAtNs: undefined, logged: undefined };
}
