// Why a monitor's latest result has a vote in the overall score, or none: the recent median's choice of rows, told row by
// row for people.

import { assert, type UnixNs } from "@truechimer/base";
import {
  type AssignedRow,
  type RecentMedianAttempt,
  recentMedian,
  recentMedianRows,
} from "./recent-median.ts";

/** `monitor_not_live`: it is paused or deleted. `too_old`: beyond the lookback. `status`: its assignment has no part. */
export type VoteRefusal = "monitor_not_live" | "too_old" | "status";

export interface VoteStanding<Row extends AssignedRow> {
  readonly row: Row;
  /** Absent: it has a vote. */
  readonly refusal: VoteRefusal | undefined;
  /** Its score is the overall one. */
  readonly chosen: boolean;
}

export interface VoteCount<Row extends AssignedRow> {
  /** The first attempt that found rows; the last one where none did. */
  readonly attempt: RecentMedianAttempt;
  /** By score, lowest first. */
  readonly standings: readonly VoteStanding<Row>[];
  /** Absent: nobody has a vote. */
  readonly chosen: Row | undefined;
}

/** `rows`: the latest result of each monitor up to `atNs`. `attempts`: of the rule set. */
export function countVotes<Row extends AssignedRow>(
  rows: readonly Row[],
  atNs: UnixNs,
  attempts: readonly RecentMedianAttempt[],
): VoteCount<Row> {
  const voting = new Set(recentMedianRows(rows, atNs, attempts));
  const chosen = recentMedian([...voting]);
  const attempt = attemptOf([...voting], atNs, attempts);
  const standings = rows
    .toSorted((a, b) => a.score - b.score)
    .map((row) => ({
      row,
      refusal: voting.has(row) ? undefined : refusalOf(row, attempt, atNs),
      chosen: row === chosen,
    }));
  return { attempt, standings, chosen };
}

/** The attempts are tried in order, so the first that all voting rows belong to is the one that found them. */
function attemptOf(
  voting: readonly AssignedRow[],
  atNs: UnixNs,
  attempts: readonly RecentMedianAttempt[],
): RecentMedianAttempt {
  const last = attempts.at(-1);
  assert(last !== undefined, "a rule set has one attempt at least");
  if (voting.length === 0) return last;
  const belongs = (attempt: RecentMedianAttempt): boolean =>
    voting.every((row) => refusalOf(row, attempt, atNs) === undefined);
  return attempts.find(belongs) ?? last;
}

function refusalOf(
  row: AssignedRow,
  attempt: RecentMedianAttempt,
  atNs: UnixNs,
): VoteRefusal | undefined {
  if (!row.monitorVotes) return "monitor_not_live";
  if (!attempt.statuses.includes(row.assignment)) return "status";
  return row.atNs < atNs - attempt.lookbackNs ? "too_old" : undefined;
}
