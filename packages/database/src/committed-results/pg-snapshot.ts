// Snapshots as PostgreSQL prints them (pg_snapshot, "xmin:xmax:in progress"): which transactions had ended when it was
// taken. Pure: the arithmetic by which a reader of committed results moves on.

import { assert } from "@truechimer/base";

declare const brand: unique symbol;

/** A pg_snapshot as text, such as "748:751:748,750". */
export type PgSnapshotText = string & { readonly [brand]: "pg_snapshot" };

/** Transactions below `endId` have ended, but for those in progress; all others have not begun, or not ended. */
export interface PgSnapshot {
  /** xmax: the first id that is not known to have ended. */
  readonly endId: bigint;
  /** Ids below `endId` that had not ended, in order. */
  readonly inProgress: readonly bigint[];
}

const PRINTED = /^\d+:(\d+):((?:\d+(?:,\d+)*)?)$/;

/** The inverse of `pgSnapshotText`; of what PostgreSQL prints. */
export function parsePgSnapshot(text: PgSnapshotText): PgSnapshot {
  const [, end, ids] = PRINTED.exec(text) ?? [];
  assert(end !== undefined && ids !== undefined, `"${text}" is no pg_snapshot`);
  return { endId: BigInt(end), inProgress: ids === "" ? [] : ids.split(",").map(BigInt) };
}

/** As PostgreSQL reads it. */
export function pgSnapshotText({ endId, inProgress }: PgSnapshot): PgSnapshotText {
  return `${inProgress[0] ?? endId}:${endId}:${inProgress.join(",")}` as PgSnapshotText;
}

/** Whether the transaction had ended: what it wrote, if it committed, is visible. */
export function isVisibleIn(id: bigint, { endId, inProgress }: PgSnapshot): boolean {
  return id < endId && !inProgress.includes(id);
}

/**
 * The snapshot of a reader who had read what is visible in `before`, and has read since, in the order of their ids, what
 * else is visible in `now`, as far as the transaction `lastId`, that one included.
 */
export function snapshotUpTo(before: PgSnapshot, now: PgSnapshot, lastId: bigint): PgSnapshot {
  const endId = lastId + 1n;
  if (endId >= before.endId)
    return { endId, inProgress: now.inProgress.filter((id) => id < endId) };
  const { inProgress } = before;
  return {
    endId: before.endId,
    inProgress: inProgress.filter((id) => id > lastId || !isVisibleIn(id, now)),
  };
}

/** What is visible in both. */
export function meetOfSnapshots(a: PgSnapshot, b: PgSnapshot): PgSnapshot {
  const endId = a.endId < b.endId ? a.endId : b.endId;
  const open = new Set([...a.inProgress, ...b.inProgress].filter((id) => id < endId));
  return { endId, inProgress: [...open].toSorted((one, other) => (one < other ? -1 : 1)) };
}

/** What is visible in one of them. */
export function joinOfSnapshots(a: PgSnapshot, b: PgSnapshot): PgSnapshot {
  const [far, near] = a.endId < b.endId ? [b, a] : [a, b];
  return {
    endId: far.endId,
    inProgress: far.inProgress.filter((id) => !isVisibleIn(id, near)),
  };
}

/** Whether all that is visible in `part` is visible in `whole`. */
export function covers(whole: PgSnapshot, part: PgSnapshot): boolean {
  if (whole.inProgress.some((id) => isVisibleIn(id, part))) return false;
  if (part.endId <= whole.endId) return true;
  // Between the two ends nothing may have ended in `part`.
  const open = part.inProgress.filter((id) => id >= whole.endId).length;
  return BigInt(open) === part.endId - whole.endId;
}
