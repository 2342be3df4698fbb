// What a monitor was given to check, and may go on checking at its interval while the control plane is away. Pure but
// for the times that it is given; all on the monotonic clock.

import type { WorkBatch, WorkItem } from "./work-batch.ts";

export interface LeasedServer {
  readonly item: WorkItem;
  readonly batchId: Uint8Array;
  readonly batchIdText: string;
}

export interface Leases {
  /** Takes in what a batch grants and withdraws. Its servers count as checked at `nowNs`. */
  takeIn(batch: WorkBatch, nowNs: bigint): void;
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
  readonly endsAtNs: bigint;
  dueAtNs: bigint;
}

export function createLeases(): Leases {
  const entries = new Map<string, Entry>();
  let cursor: bigint | undefined;

  const removeEnded = (nowNs: bigint): void => {
    for (const [key, { endsAtNs }] of entries) if (endsAtNs <= nowNs) entries.delete(key);
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
      for (const { address, port } of batch.withdrawals) {
        entries.delete(keyOf(address.text, port));
      }
      const { batchId, batchIdText, leaseMs } = batch;
      if (leaseMs === undefined) return;
      const endsAtNs = nowNs + nsOf(leaseMs);
      for (const item of batch.items) {
        const { address, port, checkIntervalMs } = item;
        if (checkIntervalMs === undefined) continue;
        const key = keyOf(address.text, port);
        if (entries.size >= LEASES_MAX && !entries.has(key)) removeEnded(nowNs);
        if (entries.size >= LEASES_MAX && !entries.has(key)) return;
        const intervalNs = nsOf(checkIntervalMs);
        const dueAtNs = nowNs + intervalNs;
        entries.set(key, { item, batchId, batchIdText, intervalNs, endsAtNs, dueAtNs });
      }
    },
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

function keyOf(address: string, port: number): string {
  return `${address} ${port}`;
}

function nsOf(ms: number): bigint {
  return BigInt(Math.round(ms)) * NS_PER_MS;
}
