// What is kept of more rows than a chart has points: of each series and slot its least and greatest offset, its worst score and
// its first failure, by the rules of the statement in history-rows.ts.

import { nsFromTimestamptz } from "@truechimer/database";
import type { ReadBackRow } from "../archive-reader.ts";

const NS_PER_US = 1_000n;

interface Slot {
  least?: ReadBackRow;
  greatest?: ReadBackRow;
  worst?: ReadBackRow;
  failed?: ReadBackRow;
}

export interface Extremes {
  add(row: ReadBackRow): void;
  /** Oldest first, each once. */
  rows(): readonly ReadBackRow[];
}

export interface ExtremesOptions {
  readonly fromUs: bigint;
  /** Excluded. */
  readonly toUs: bigint;
  readonly slots: number;
}

export function createExtremes({ fromUs, toUs, slots }: ExtremesOptions): Extremes {
  const slotUs = Math.max(1, Number(toUs - fromUs) / slots);
  const kept = new Map<string, Slot>();
  return {
    add: (row) => {
      const us = Number(nsFromTimestamptz(row.ts) / NS_PER_US - fromUs);
      const key = `${row.monitor_id}/${Math.min(slots - 1, Math.floor(us / slotUs))}`;
      const slot = kept.get(key) ?? {};
      kept.set(key, slot);
      keep(slot, row);
    },
    rows: () =>
      [
        ...new Set(
          [...kept.values()].flatMap(({ least, greatest, worst, failed }) =>
            [least, greatest, worst, failed].filter((row) => row !== undefined),
          ),
        ),
      ].toSorted((a, b) => (a.ts === b.ts ? (a.id < b.id ? -1 : 1) : a.ts < b.ts ? -1 : 1)),
  };
}

function keep(slot: Slot, row: ReadBackRow): void {
  const { offset_ns: offset, reason, id, score } = row;
  if (reason === null && offset !== null) {
    if (isBefore(offset, id, slot.least?.offset_ns, slot.least?.id)) slot.least = row;
    if (!isBefore(offset, id, slot.greatest?.offset_ns, slot.greatest?.id) || !slot.greatest)
      slot.greatest = row;
  }
  if (isBefore(score, id, slot.worst?.score, slot.worst?.id)) slot.worst = row;
  if (reason !== null && (slot.failed === undefined || id < slot.failed.id)) slot.failed = row;
}

/** Of what is equal, that with the lesser number. */
function isBefore<Value extends bigint | number>(
  value: Value,
  id: bigint,
  other: Value | null | undefined,
  otherId: bigint | undefined,
): boolean {
  if (other === undefined || other === null || otherId === undefined) return true;
  return value < other || (value === other && id < otherId);
}
