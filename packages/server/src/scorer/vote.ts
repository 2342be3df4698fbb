// A monitor's newest result of a server, as the median sees it.

import { nsFromTimestamptz, type Timestamptz } from "@truechimer/database";
import type { AssignedRow, AssignmentStatus } from "@truechimer/scoring";
import type { ScoredResult } from "./scored-result.ts";

export interface Vote extends AssignedRow {
  readonly logScoreId: bigint;
  readonly monitorId: bigint;
  readonly step: number;
  readonly attributes: unknown;
}

/** How a monitor stands to the server. */
export interface Standing {
  readonly assignment: AssignmentStatus;
  readonly monitorVotes: boolean;
}

export interface VoteColumns {
  readonly monitor_id: bigint;
  readonly vote_id: bigint;
  readonly vote_ts: Timestamptz;
  readonly vote_score: number;
  readonly vote_step: number;
  readonly vote_rtt_ns: bigint | null;
  readonly vote_attributes: unknown;
}

export function voteOfRow(row: VoteColumns, standing: Standing): Vote {
  return {
    logScoreId: row.vote_id,
    monitorId: row.monitor_id,
    atNs: nsFromTimestamptz(row.vote_ts),
    score: row.vote_score,
    step: row.vote_step,
    rttNs: row.vote_rtt_ns ?? undefined,
    attributes: row.vote_attributes,
    ...standing,
  };
}

export function voteOfResult(result: ScoredResult, standing: Standing): Vote {
  const { id: logScoreId, monitorId, atNs, score, step, rttNs, attributes } = result;
  return { logScoreId, monitorId, atNs, score, step, rttNs, attributes, ...standing };
}

/** Whether `next` takes the place of `known`: of equal times the later one. */
export function isNewerVote(next: Vote, known: Vote | undefined): boolean {
  return known === undefined || next.atNs >= known.atNs;
}
