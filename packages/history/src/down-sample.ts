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
  const series = new Map<number, Slot[]>();
  store.scan(sampling, (row) => {
    const { monitorId } = row;
    if (!sampling.isWanted(monitorId)) return;
    const own = series.get(monitorId) ?? [];
    if (own.length === 0) series.set(monitorId, own);
    const at = Math.min(slots - 1, Math.floor((row.atUs - sampling.fromUs) / slotUs));
    const last = own.at(-1);
    // Rows come in the order of time, so only the newest slot is open.
    if (last === undefined || last.at !== at) own.push(newSlot(at, row));
    else widen(last, row);
  });
  return new Map([...series].map(([monitorId, own]) => [monitorId, keptOfAll(own)]));
}

interface Slot {
  readonly at: number;
  least: Measurement | undefined;
  greatest: Measurement | undefined;
  worst: Measurement;
  failed: Measurement | undefined;
}

function newSlot(at: number, row: RowView): Slot {
  const kept = copyMeasurement(row);
  const extreme = row.succeeded && !Number.isNaN(row.offsetNs) ? kept : undefined;
  const failed = row.succeeded ? undefined : kept;
  return { at, least: extreme, greatest: extreme, worst: kept, failed };
}

function widen(slot: Slot, row: RowView): void {
  const { score } = row;
  const { worst } = slot;
  if (score < worst.score || (score === worst.score && row.id < worst.id)) {
    slot.worst = copyMeasurement(row);
  }
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

function keptOfAll(slots: readonly Slot[]): readonly Measurement[] {
  const all: Measurement[] = [];
  for (const slot of slots) {
    const { least, greatest, worst, failed } = slot;
    // Most slots of a sparse series hold one row.
    if (isOrNone(least, worst) && isOrNone(greatest, worst) && isOrNone(failed, worst))
      all.push(worst);
    else all.push(...keptOf(slot));
  }
  return all;
}

function isOrNone(row: Measurement | undefined, other: Measurement): boolean {
  return row === undefined || row === other;
}

function keptOf({ least, greatest, worst, failed }: Slot): readonly Measurement[] {
  const kept: Measurement[] = [worst];
  for (const row of [least, greatest, failed]) {
    if (row !== undefined && !kept.some(({ id }) => id === row.id)) kept.push(row);
  }
  return kept.length === 1 ? kept : kept.toSorted(compareKeys);
}
