// Fewer points with the same extremes: of each slot of time the least and the greatest offset, the worst score and the
// first failure, so that no spike is lost. The same choice as the database's (least and greatest by value, then by id).

import type { HistoryStore, HistoryWindow } from "./history-store.ts";
import { compareKeys, type Measurement } from "./measurement.ts";
import { copyMeasurement, type RowView } from "./row-view.ts";

/** Kept of each slot at most. */
const KEPT_A_SLOT = 4;

/** Which rows, and how many points. */
export interface DownSampling extends HistoryWindow {
  readonly serverId: number;
  /** Whose rows are wanted. */
  readonly isWanted: (monitorId: number) => boolean;
  /** Points of one series, at least `KEPT_A_SLOT`. */
  readonly pointsMax: number;
}

/** Rows by monitor, each in the order of time. */
export function downSample(
  store: HistoryStore,
  sampling: DownSampling,
): ReadonlyMap<number, readonly Measurement[]> {
  const slots = Math.max(1, Math.floor(sampling.pointsMax / KEPT_A_SLOT));
  const slotUs = (sampling.toUs - sampling.fromUs) / slots;
  const series = new Map<number, Series>();
  store.scan(sampling, (row) => {
    const { monitorId } = row;
    if (!sampling.isWanted(monitorId)) return;
    const at = Math.min(slots - 1, Math.floor((row.atUs - sampling.fromUs) / slotUs));
    const own = series.get(monitorId) ?? { kept: [], open: newSlot() };
    if (own.open.at === NOT_BEGUN) series.set(monitorId, own);
    // Rows come in the order of time, so only the newest slot is open.
    if (own.open.at === at) widen(own.open, row);
    else {
      keepOf(own.open, own.kept);
      begin(own.open, at, row);
    }
  });
  const kept = new Map<number, readonly Measurement[]>();
  for (const [monitorId, own] of series) {
    keepOf(own.open, own.kept);
    kept.set(monitorId, own.kept);
  }
  return kept;
}

interface Series {
  /** Of the slots that are over. */
  readonly kept: Measurement[];
  /** The same object for one slot after the other. */
  readonly open: Slot;
}

interface Slot {
  at: number;
  least: Measurement | undefined;
  greatest: Measurement | undefined;
  /** Undefined before the first row alone. */
  worst: Measurement | undefined;
  failed: Measurement | undefined;
}

const NOT_BEGUN = -1;

function newSlot(): Slot {
  return {
    at: NOT_BEGUN,
    least: undefined,
    greatest: undefined,
    worst: undefined,
    failed: undefined,
  };
}

function begin(slot: Slot, at: number, row: RowView): void {
  const kept = copyMeasurement(row);
  const extreme = row.succeeded && !Number.isNaN(row.offsetNs) ? kept : undefined;
  slot.at = at;
  slot.least = extreme;
  slot.greatest = extreme;
  slot.worst = kept;
  slot.failed = row.succeeded ? undefined : kept;
}

function widen(slot: Slot, row: RowView): void {
  const { score } = row;
  const { worst } = slot;
  if (worst === undefined || score < worst.score || (score === worst.score && row.id < worst.id))
    slot.worst = copyMeasurement(row);
  if (!row.succeeded) {
    if (slot.failed === undefined || row.id < slot.failed.id) slot.failed = copyMeasurement(row);
    return;
  }
  const { offsetNs } = row;
  if (Number.isNaN(offsetNs)) return;
  const { least, greatest } = slot;
  if (least === undefined || isBelow(row, least)) slot.least = copyMeasurement(row);
  if (greatest === undefined || isBelow(greatest, row)) slot.greatest = copyMeasurement(row);
}

function isBelow(row: Measurement, other: Measurement): boolean {
  return row.offsetNs < other.offsetNs || (row.offsetNs === other.offsetNs && row.id < other.id);
}

function keepOf({ least, greatest, worst, failed }: Slot, all: Measurement[]): void {
  if (worst === undefined) return;
  // Most slots of a sparse series hold one row.
  if (isOrNone(least, worst) && isOrNone(greatest, worst) && isOrNone(failed, worst)) {
    all.push(worst);
    return;
  }
  const kept: Measurement[] = [worst];
  for (const row of [least, greatest, failed]) {
    if (row !== undefined && !kept.some(({ id }) => id === row.id)) kept.push(row);
  }
  all.push(...kept.toSorted(compareKeys));
}

function isOrNone(row: Measurement | undefined, other: Measurement): boolean {
  return row === undefined || row === other;
}
