// What results make of one server, by both scorers: pure but for the memory, which moves on with each.

import {
  everyScore,
  type OverallMethod,
  type RuleSet,
  recentMedian,
  recentMedianRows,
  ruleSetText,
  ruleSetTextOf,
} from "@truechimer/scoring";
import type { ProbePolicy } from "../policy.ts";
import type { RuleSetOf } from "../rules/rule-sets.ts";
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
  /** Rule set and method, such as "ntp_pool_recentmedian/1/recent_median". */
  readonly rule: string;
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

export interface ServerToStep {
  readonly serverId: bigint;
  readonly state: ServerState;
  /** In the order of their times. */
  readonly results: readonly ScoredResult[];
  /** Those of candidates that may have a vote. */
  readonly ofCandidates: ReadonlySet<ScoredResult>;
  readonly probe: ProbePolicy;
  /** A result is scored by the set that it was stepped by. */
  readonly rulesOf: RuleSetOf;
}

export function stepServer(server: ServerToStep): ServerOutcome {
  const { serverId, state, results } = server;
  const every = stepEvery(state.scorers.get(EVERY_SCORER), server);
  const steps: ScorerStep[] = [];
  const overall = new Map<ScoredResult, number>();
  const median = state.scorers.get(RECENT_MEDIAN_SCORER);
  for (const result of results) {
    takeVote(server, result);
    const step = median === undefined ? undefined : overallStep(median, server, result);
    if (step === undefined) continue;
    steps.push(step);
    overall.set(result, step.score);
  }
  const outcomes = [
    outcomeOf(EVERY_SCORER, state, every),
    outcomeOf(RECENT_MEDIAN_SCORER, state, steps),
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
  { results, rulesOf }: ServerToStep,
): readonly ScorerStep[] {
  if (state === undefined) return [];
  return results.map((trigger) => everyStep(state, rulesOf(trigger), trigger));
}

function everyStep(state: ScorerState, rules: RuleSet, trigger: ScoredResult): ScorerStep {
  const { step, attributes } = trigger;
  const offsetNs = trigger.offsetNs ?? undefined;
  const rttNs = trigger.rttNs ?? undefined;
  const scoreBefore = state.score;
  const score = everyScore(scoreBefore, { step, offsetNs }, rules);
  state.score = score;
  return {
    trigger,
    rule: ruleOf(rules, "every"),
    scoreBefore,
    step,
    score,
    offsetNs,
    rttNs,
    attributes,
    chosenId: undefined,
  };
}

function ruleOf(rules: RuleSet, method: OverallMethod): string {
  return `${ruleSetText(rules)}/${method}`;
}

/**
 * The overall score after a result. A result that is older than one that was counted before is a vote from then on, but
 * no overall score was ever of its time; and one without any vote (its monitor was paused since) gives none.
 */
function overallStep(
  own: ScorerState,
  { state, rulesOf }: ServerToStep,
  trigger: ScoredResult,
): ScorerStep | undefined {
  const { atNs } = trigger;
  if (own.scoredAtNs !== undefined && atNs < own.scoredAtNs) return undefined;
  const rules = rulesOf(trigger);
  const step =
    rules.overall === "every"
      ? everyStep(own, rules, trigger)
      : medianStep(own, rules, state, trigger);
  if (step !== undefined) own.scoredAtNs = atNs;
  return step;
}

function medianStep(
  own: ScorerState,
  rules: RuleSet,
  { watchers, candidates }: ServerState,
  trigger: ScoredResult,
): ScorerStep | undefined {
  const votes: Vote[] = [];
  for (const { vote } of watchers.values()) if (vote !== undefined) votes.push(vote);
  if (candidates !== undefined) votes.push(...candidates.values());
  const chosen = recentMedian(recentMedianRows(votes, trigger.atNs, rules.attempts));
  if (chosen === undefined) return undefined;
  const { score, step, attributes, logScoreId: chosenId } = chosen;
  own.score = score;
  return {
    trigger,
    rule: ruleOf(rules, "recent_median"),
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
  { scorers }: ServerState,
  steps: readonly ScorerStep[],
): ScorerOutcome | undefined {
  const state = scorers.get(scorer);
  const last = steps.at(-1);
  if (state === undefined || last === undefined) return undefined;
  const toLog = steps.filter(({ trigger: { atNs }, score, rule }) => {
    const next = { atNs, score, ruleSet: ruleSetTextOf(rule) };
    if (!isNewScore(next, state.logged)) return false;
    state.logged = next;
    return true;
  });
  return { scorer, state, last, toLog };
}

/** Whether one of the results may find no vote but of candidates. */
export function needsCandidates(
  { watchers, candidates }: ServerState,
  results: readonly ScoredResult[],
  rulesOf: RuleSetOf,
): boolean {
  if (candidates !== undefined) return false;
  const newest = new Map<string, bigint>();
  const note = (assignment: string, atNs: bigint): void => {
    const known = newest.get(assignment);
    if (known === undefined || atNs > known) newest.set(assignment, atNs);
  };
  for (const { vote, standing } of watchers.values()) {
    if (vote !== undefined) note(standing.assignment, vote.atNs);
  }
  return results.some((result) => {
    const watcher = watchers.get(result.monitorId);
    if (watcher !== undefined) note(watcher.standing.assignment, result.atNs);
    return candidatesDecide(rulesOf(result), newest, result.atNs);
  });
}

/** An attempt that candidates have a part in comes before any that finds a vote of a watcher. */
function candidatesDecide(
  { overall, attempts }: RuleSet,
  newest: ReadonlyMap<string, bigint>,
  atNs: bigint,
): boolean {
  if (overall !== "recent_median") return false;
  for (const { statuses, lookbackNs } of attempts) {
    if (statuses.includes("candidate")) return true;
    const finds = statuses.some((status) => {
      const voteNs = newest.get(status);
      return voteNs !== undefined && atNs - voteNs <= lookbackNs;
    });
    if (finds) return false;
  }
  return false;
}
