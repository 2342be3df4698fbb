// What results make of one server, by both scorers: pure but for the memory, which moves on with each.

import {
  EVERY_RULE_SET,
  everyScore,
  RECENT_MEDIAN_ATTEMPTS,
  RECENT_MEDIAN_RULE_SET,
  recentMedian,
  recentMedianRows,
  ruleSetText,
} from "@truechimer/scoring";
import type { ProbePolicy } from "../policy.ts";
import { witnessIntervalNs } from "../verdict/load-witnesses.ts";
import { isNewScore } from "./is-new-score.ts";
import type { ScoredResult } from "./scored-result.ts";
import { EVERY_SCORER, RECENT_MEDIAN_SCORER, type ScorerName } from "./scorers.ts";
import type { ScorerState, ServerState } from "./server-memory.ts";
import { newerVote, type Vote, voteOfResult } from "./vote.ts";
import { witnessAfter } from "./witness-after.ts";

/** What a scorer made of one result. */
export interface ScorerStep {
  /** The result that caused it. */
  readonly trigger: ScoredResult;
  /** Absent: the score was chosen, not stepped. */
  readonly scoreBefore: number | undefined;
  readonly step: number;
  readonly score: number;
  readonly offsetNs: bigint | undefined;
  readonly rttNs: bigint | undefined;
  /** Of the row that it was taken from. */
  readonly attributes: string | null;
  /** The row that was chosen, where one was. */
  readonly chosenId: bigint | undefined;
}

/** A scorer's part in what happened to a server. */
export interface ScorerOutcome {
  readonly scorer: ScorerName;
  /** Rule set as "name/version". */
  readonly ruleSet: string;
  readonly state: ScorerState;
  /** The last step; its score is the state's. */
  readonly last: ScorerStep;
  /** The steps that are worth a row of history. */
  readonly toLog: readonly ScorerStep[];
}

export interface ServerOutcome {
  readonly serverId: bigint;
  readonly results: readonly ScoredResult[];
  readonly scorers: readonly ScorerOutcome[];
  /** Overall score after a result; none where a newer result had been counted before. */
  readonly overall: ReadonlyMap<ScoredResult, number>;
}

const EVERY = ruleSetText(EVERY_RULE_SET);
const RECENT_MEDIAN = ruleSetText(RECENT_MEDIAN_RULE_SET);

/** Active and testing monitors have a vote for so long. */
const WATCHERS_LOOKBACK_NS: bigint = RECENT_MEDIAN_ATTEMPTS.reduce(
  (most, { statuses, lookbackNs }) =>
    statuses.includes("active") && lookbackNs > most ? lookbackNs : most,
  0n,
);

export interface ServerToStep {
  readonly serverId: bigint;
  readonly state: ServerState;
  /** In the order of their times. */
  readonly results: readonly ScoredResult[];
  /** Those of candidates that may have a vote. */
  readonly ofCandidates: ReadonlySet<ScoredResult>;
  readonly probe: ProbePolicy;
}

export function stepServer(server: ServerToStep): ServerOutcome {
  const { serverId, state, results } = server;
  const every = stepEvery(state.scorers.get(EVERY_SCORER), results);
  const steps: ScorerStep[] = [];
  const overall = new Map<ScoredResult, number>();
  const median = state.scorers.get(RECENT_MEDIAN_SCORER);
  for (const result of results) {
    takeVote(server, result);
    const step = median === undefined ? undefined : medianStep(median, state, result);
    if (step === undefined) continue;
    steps.push(step);
    overall.set(result, step.score);
  }
  const outcomes = [
    outcomeOf(EVERY_SCORER, EVERY, state, every),
    outcomeOf(RECENT_MEDIAN_SCORER, RECENT_MEDIAN, state, steps),
  ];
  return {
    serverId,
    results,
    overall,
    scorers: outcomes.filter((outcome) => outcome !== undefined),
  };
}

/** A late result steps it when it comes. */
function stepEvery(
  state: ScorerState | undefined,
  results: readonly ScoredResult[],
): readonly ScorerStep[] {
  if (state === undefined) return [];
  return results.map((trigger) => {
    const { step, attributes } = trigger;
    const offsetNs = trigger.offsetNs ?? undefined;
    const rttNs = trigger.rttNs ?? undefined;
    const scoreBefore = state.score;
    const score = everyScore(scoreBefore, { step, offsetNs });
    state.score = score;
    return { trigger, scoreBefore, step, score, offsetNs, rttNs, attributes, chosenId: undefined };
  });
}

/**
 * The overall score after a result. A result that is older than one that was counted before is a vote from then on, but
 * no overall score was ever of its time; and one without any vote (its monitor was paused since) gives none.
 */
function medianStep(
  own: ScorerState,
  { watchers, candidates }: ServerState,
  trigger: ScoredResult,
): ScorerStep | undefined {
  const { atNs } = trigger;
  if (own.scoredAtNs !== undefined && atNs < own.scoredAtNs) return undefined;
  const votes: Vote[] = [];
  for (const { vote } of watchers.values()) if (vote !== undefined) votes.push(vote);
  if (candidates !== undefined) votes.push(...candidates.values());
  const chosen = recentMedian(recentMedianRows(votes, atNs));
  if (chosen === undefined) return undefined;
  const { score, step, attributes, logScoreId: chosenId } = chosen;
  own.score = score;
  own.scoredAtNs = atNs;
  return {
    trigger,
    scoreBefore: undefined,
    step,
    score,
    offsetNs: undefined,
    rttNs: undefined,
    attributes,
    chosenId,
  };
}

function takeVote({ state, ofCandidates, probe }: ServerToStep, result: ScoredResult): void {
  const { watchers, candidates } = state;
  const watcher = watchers.get(result.monitorId);
  if (watcher !== undefined) {
    const { assignment: status, monitorStatus } = watcher.standing;
    const intervalNs = witnessIntervalNs({ status, monitorStatus, score: result.score }, probe);
    watcher.witness = witnessAfter(watcher.witness, result, intervalNs);
    watcher.vote = newerVote(voteOfResult(result, watcher.standing), watcher.vote);
  } else if (ofCandidates.has(result)) {
    const { monitorId } = result;
    const vote = voteOfResult(result, { assignment: "candidate", monitorVotes: true });
    candidates?.set(monitorId, newerVote(vote, candidates.get(monitorId)));
  }
}

function outcomeOf(
  scorer: ScorerName,
  ruleSet: string,
  { scorers }: ServerState,
  steps: readonly ScorerStep[],
): ScorerOutcome | undefined {
  const state = scorers.get(scorer);
  const last = steps.at(-1);
  if (state === undefined || last === undefined) return undefined;
  const toLog = steps.filter(({ trigger: { atNs }, score }) => {
    if (!isNewScore({ atNs, score }, state.logged)) return false;
    state.logged = { atNs, score };
    return true;
  });
  return { scorer, ruleSet, state, last, toLog };
}

/** Whether one of the results may find no vote but of candidates. */
export function needsCandidates(
  { watchers, candidates }: ServerState,
  results: readonly ScoredResult[],
): boolean {
  if (candidates !== undefined) return false;
  let newestNs: bigint | undefined;
  for (const { vote } of watchers.values()) {
    if (vote !== undefined && (newestNs === undefined || vote.atNs > newestNs))
      newestNs = vote.atNs;
  }
  for (const { atNs, monitorId } of results) {
    if (watchers.has(monitorId)) newestNs = atNs;
    if (newestNs === undefined || atNs - newestNs > WATCHERS_LOOKBACK_NS) return true;
  }
  return false;
}
