// The overall score of a server: the median of what its monitors made of it lately. Choice of rows, ties, the lower
// median and the cases of one and two rows are the NTP Pool's, so that overall scores can be compared. Not kept from
// there: votes of monitors that were deleted or paused.

import type { UnixNs } from "@truechimer/base";

/** An assignment's state: how a monitor stands to a server. */
export type AssignmentStatus = "active" | "testing" | "candidate" | "paused";

/** Whose rows count, and how old they may be. */
export interface RecentMedianAttempt {
  readonly statuses: readonly AssignmentStatus[];
  /** How far back a row may lie, that far included. */
  readonly lookbackNs: bigint;
}

/** Whose rows may count: those of monitors that look. */
export const RECENT_MEDIAN_STATUSES = ["active", "testing", "candidate"] as const;

/** What the median looks at in a row of `log_scores`. */
export interface RecentMedianRow {
  /** Of one type in all rows. */
  readonly monitorId: string | number | bigint;
  readonly atNs: UnixNs;
  /** The monitor's score for the server after this check. */
  readonly score: number;
  /** Absent counts as 0. */
  readonly rttNs: bigint | undefined;
}

/** A row with the state of its monitor's assignment now, not at the time of the row. */
export interface AssignedRow extends RecentMedianRow {
  readonly assignment: AssignmentStatus;
  /** False when the monitor was deleted or paused since. */
  readonly monitorVotes: boolean;
}

/**
 * The rows of the first attempt that has any: per monitor the latest within the lookback, those of equal time all.
 * `attempts`: of a rule set, tried in order; the next only when the one before finds no row.
 */
export function recentMedianRows<Row extends AssignedRow>(
  rows: readonly Row[],
  atNs: UnixNs,
  attempts: readonly RecentMedianAttempt[],
): readonly Row[] {
  for (const attempt of attempts) {
    const oldestNs = atNs - attempt.lookbackNs;
    const found = latestRows(
      rows.filter(
        (row) => row.atNs >= oldestNs && row.atNs <= atNs && isCandidate(row, attempt.statuses),
      ),
    );
    if (found.length > 0) return found;
  }
  return [];
}

/**
 * The row whose score and step become the overall ones; undefined without rows. One or two rows: the older, of equal age
 * the monitor with the lower id. From three: by score, then by round trip, the middle one, of an even number the lower of
 * the two.
 */
export function recentMedian<Row extends RecentMedianRow>(rows: readonly Row[]): Row | undefined {
  if (rows.length <= 2) return rows.toSorted(compareAges)[0];
  const byScore = rows.toSorted(
    (a, b) =>
      compare(a.score, b.score) || compare(a.rttNs ?? 0n, b.rttNs ?? 0n) || compareAges(a, b),
  );
  return byScore[Math.ceil(byScore.length / 2) - 1];
}

function isCandidate(
  { monitorVotes, assignment }: AssignedRow,
  statuses: RecentMedianAttempt["statuses"],
): boolean {
  return monitorVotes && statuses.includes(assignment);
}

function latestRows<Row extends RecentMedianRow>(rows: readonly Row[]): readonly Row[] {
  const latest = new Map<RecentMedianRow["monitorId"], UnixNs>();
  for (const { monitorId, atNs } of rows) {
    const known = latest.get(monitorId);
    if (known === undefined || atNs > known) latest.set(monitorId, atNs);
  }
  if (latest.size === rows.length) return rows;
  return rows.filter(({ monitorId, atNs }) => latest.get(monitorId) === atNs);
}

function compare<Value extends number | bigint | string>(a: Value, b: Value): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** The older one first; of equal age the monitor with the lower id. */
function compareAges(a: RecentMedianRow, b: RecentMedianRow): number {
  return compare(a.atNs, b.atNs) || compareIds(a.monitorId, b.monitorId);
}

/** In the order of the numbers where they are numbers, so that no order of reading decides. */
function compareIds(a: RecentMedianRow["monitorId"], b: RecentMedianRow["monitorId"]): number {
  if (typeof a === "string" || typeof b === "string") return compare(String(a), String(b));
  return compare(BigInt(a), BigInt(b));
}
