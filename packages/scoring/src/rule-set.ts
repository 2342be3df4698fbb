// A rule set: everything that decides what a check is worth, how a score goes on, which scores make the overall one, and
// when a verdict falls. It is data with a name and a version, kept beside what it decided; a change of any number is a new
// version. parse-rule-set.ts reads it from JSON, ntp-pool-rules.ts has those that are built in.

import type { RecentMedianAttempt } from "./recent-median.ts";
import type { StatusReason } from "./status-reason.ts";
import type { VerdictPolicy } from "./witness.ts";

/** A rule set as it is named beside what it decided. */
export interface RuleSetId {
  readonly name: string;
  readonly version: number;
}

/** How the overall score comes about: the NTP Pool's two ways. */
export const OVERALL_METHODS = ["recent_median", "every"] as const;

/** The name of such a way. */
export type OverallMethod = (typeof OVERALL_METHODS)[number];

/** The rules by which servers are judged. */
export interface RuleSet extends RuleSetId {
  /** One sentence for people. */
  readonly about: string;
  /** A score keeps this much of itself from check to check; with a steady step it tends to step / (1 − decay). */
  readonly decay: number;
  /** The step table, first match first. Complete, and each row is reached. */
  readonly steps: readonly StepRow[];
  readonly overall: OverallMethod;
  /** Tried in order; the next only when the one before finds no row. */
  readonly attempts: readonly RecentMedianAttempt[];
  readonly every: EveryRules;
  /** What is left out is as configured. */
  readonly verdict: Partial<VerdictPolicy>;
}

/** The score over the results of all monitors as if they were one: beyond the offset it is not stepped but set. */
export interface EveryRules {
  /** Strictly greater, nanoseconds. */
  readonly offsetFarNs: bigint;
  readonly scoreWhenFar: number;
}

/** A row of the step table: all its conditions must hold. */
export interface StepRow {
  /** Its name, kept beside each result that it decided. */
  readonly rule: string;
  readonly when: StepCondition;
  /** The step at an offset of 0 where `stepPerSecond` is given, otherwise the step. */
  readonly step: number;
  /** Added for each second of |offset|. */
  readonly stepPerSecond?: number;
  /** The step is at most this. */
  readonly stepMax?: number;
  /** The new score is at most this. */
  readonly cap?: number;
  /** False when the check says nothing about the server: the score stays as it is. */
  readonly counts: boolean;
  /** The row in words; {reason}, {offset} and {stratum} stand for those of the check. */
  readonly text: string;
}

/** What a row asks for. Absent: it does not matter. */
export interface StepCondition {
  /** The reason is the agent's own fault. */
  readonly agentFault?: true;
  /** Nothing came back that can be judged. */
  readonly noResponse?: true;
  /** There is a reason, or no offset. */
  readonly failed?: true;
  /** One of these; "none": the check gave no reason. */
  readonly reasons?: readonly (StatusReason | "none")[];
  readonly stratumMin?: number;
  readonly stratumMax?: number;
  /** |offset| is strictly greater, nanoseconds. Without an offset it is not. */
  readonly offsetAboveNs?: bigint;
}

/** `ntp_pool_recentmedian/1`. */
export function ruleSetText({ name, version }: RuleSetId): string {
  return `${name}/${version}`;
}

/** The set's part of what is kept beside a result: `a/1` of `a/1/offset_good`, and of `a/1`. */
export function ruleSetTextOf(rule: string): string {
  const [name = "", version = ""] = rule.split("/", 2);
  return `${name}/${version}`;
}

/** How far back a vote may lie by any of its attempts. */
export function voteLookbackNs({ attempts }: Pick<RuleSet, "attempts">): bigint {
  return attempts.reduce((most, { lookbackNs }) => (lookbackNs > most ? lookbackNs : most), 0n);
}
