// A monitor's newest result of a server, as the median sees it.

import { nsFromTimestamptz, type Timestamptz } from "@truechimer/database";
import type { AssignedRow, AssignmentStatus } from "@truechimer/scoring";
import type { ScoredResult } from "./scored-result.ts";

export interface Vote extends AssignedRow {
  readonly logScoreId: bigint;
  readonly monitorId: bigint;
  readonly step: number;
  /** An object as JSON. */
  readonly attributes: string | null;
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
  readonly vote_attributes: string | null;
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
  const { assignment, monitorVotes } = standing;
  return {
    logScoreId: result.id,
    monitorId: result.monitorId,
    atNs: result.atNs,
    score: result.score,
    step: result.step,
    rttNs: result.rttNs ?? undefined,
    attributes: result.attributes,
    assignment,
    monitorVotes,
  };
}

/** Of equal times `next`. */
export function newerVote(next: Vote, known: Vote | undefined): Vote {
  return known === undefined || next.atNs >= known.atNs ? next : known;
}
