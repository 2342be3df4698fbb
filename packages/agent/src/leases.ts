// What a monitor was given to check, and may go on checking at its interval while the control plane is away. Pure but
// for the times that it is given; all on the monotonic clock.

import type { WorkBatch, WorkItem } from "./work-batch.ts";

export interface LeasedServer {
  readonly item: WorkItem;
  readonly batchId: Uint8Array;
  readonly batchIdText: string;
}

/** What is held of one batch. */
export interface HeldBatch {
  readonly batchId: Uint8Array;
  readonly batchIdText: string;
  readonly items: readonly WorkItem[];
  readonly leaseMs: number;
  readonly takenInNs: bigint;
}

/** What a batch did to the leases, the weightiest of it. */
export type LeaseChange = "withdrawn" | "added" | "renewed" | "none";

export interface Leases {
  /** Takes in what a batch grants and withdraws. Its servers count as checked at `nowNs`. */
  takeIn(batch: WorkBatch, nowNs: bigint): LeaseChange;
  /** Takes in what an earlier run held; its servers are due by the beat that they had. */
  restore(
    held: Pick<Leases, "cursor"> & { readonly batches: readonly HeldBatch[] },
    nowNs: bigint,
  ): void;
  /** What has not ended, by the batch that gave it. */
  held(nowNs: bigint): readonly HeldBatch[];
  /** What is due, each once an interval; from then on they are due an interval later. */
  takeDue(nowNs: bigint): readonly LeasedServer[];
  /** When something is due next. Absent: nothing ever is. */
  nextDueNs(nowNs: bigint): bigint | undefined;
  readonly size: number;
  /** To be sent as `withdrawals_after`. */
  readonly cursor: bigint | undefined;
}

/** More servers than a monitor is ever given. */
const LEASES_MAX = 50_000;
const NS_PER_MS = 1_000_000n;

interface Entry extends LeasedServer {
  readonly intervalNs: bigint;
  readonly takenInNs: bigint;
  readonly leaseMs: number;
  readonly endsAtNs: bigint;
  dueAtNs: bigint;
}

export function createLeases(): Leases {
  const entries = new Map<string, Entry>();
  let cursor: bigint | undefined;

  const removeEnded = (nowNs: bigint): void => {
    for (const [key, { endsAtNs }] of entries) if (endsAtNs <= nowNs) entries.delete(key);
  };
  /** Says how many were not held before. */
  const grant = (batch: HeldBatch, nowNs: bigint): number => {
    const { batchId, batchIdText, leaseMs, takenInNs } = batch;
    const endsAtNs = takenInNs + nsOf(leaseMs);
    let added = 0;
    for (const item of batch.items) {
      const { address, port, checkIntervalMs } = item;
      if (checkIntervalMs === undefined) continue;
      const key = keyOf(address.text, port);
      const isKnown = entries.has(key);
      if (entries.size >= LEASES_MAX && !isKnown) removeEnded(nowNs);
      if (entries.size >= LEASES_MAX && !isKnown) break;
      if (!isKnown) added += 1;
      const intervalNs = nsOf(checkIntervalMs);
      const beats = (nowNs - takenInNs) / intervalNs + 1n;
      const dueAtNs = takenInNs + beats * intervalNs;
      const lease = { takenInNs, leaseMs, endsAtNs, intervalNs, dueAtNs };
      entries.set(key, { item, batchId, batchIdText, ...lease });
    }
    return added;
  };
  return {
    get size() {
      return entries.size;
    },
    get cursor() {
      return cursor;
    },
    takeIn: (batch, nowNs) => {
      cursor = batch.withdrawalsCursor ?? cursor;
      // First: what was withdrawn may be in the same answer again, with a ticket of its own.
      const before = entries.size;
      for (const { address, port } of batch.withdrawals) {
        entries.delete(keyOf(address.text, port));
      }
      const withdrawn = before - entries.size;
      const { leaseMs } = batch;
      const added =
        leaseMs === undefined ? 0 : grant({ ...batch, leaseMs, takenInNs: nowNs }, nowNs);
      if (withdrawn > 0) return "withdrawn";
      if (added > 0) return "added";
      return leaseMs === undefined || batch.items.length === 0 ? "none" : "renewed";
    },
    restore: (held, nowNs) => {
      cursor = held.cursor;
      for (const batch of held.batches) grant(batch, nowNs);
      removeEnded(nowNs);
    },
    held: (nowNs) => heldBatches([...entries.values()].filter(({ endsAtNs }) => endsAtNs > nowNs)),
    takeDue: (nowNs) => {
      removeEnded(nowNs);
      const due = [...entries.values()].filter(({ dueAtNs }) => dueAtNs <= nowNs);
      for (const entry of due) {
        // By the beat of the interval; what was slept through is not made up for.
        entry.dueAtNs += entry.intervalNs;
        if (entry.dueAtNs <= nowNs) entry.dueAtNs = nowNs + entry.intervalNs;
      }
      return due;
    },
    nextDueNs: (nowNs) => {
      let next: bigint | undefined;
      for (const { dueAtNs, endsAtNs } of entries.values()) {
        if (endsAtNs > nowNs && (next === undefined || dueAtNs < next)) next = dueAtNs;
      }
      return next;
    },
  };
}

function heldBatches(entries: readonly Entry[]): readonly HeldBatch[] {
  const byBatch = Map.groupBy(entries, ({ batchIdText }) => batchIdText);
  return [...byBatch.values()].flatMap((ofBatch) => {
    const [first] = ofBatch;
    if (first === undefined) return [];
    const { batchId, batchIdText, leaseMs, takenInNs } = first;
    return [{ batchId, batchIdText, items: ofBatch.map(({ item }) => item), leaseMs, takenInNs }];
  });
}

function keyOf(address: string, port: number): string {
  return `${address} ${port}`;
}

function nsOf(ms: number): bigint {
  return BigInt(Math.round(ms)) * NS_PER_MS;
}
