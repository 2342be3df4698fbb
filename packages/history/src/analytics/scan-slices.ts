// A long scan in slices of bounded length, so that whoever runs it can let others in between. Rows that come or go
// meanwhile are seen or not as their slice finds them; what had been evicted before its slice came is told.

import { atUsOf, firstUsOf, lastUsOf, lowerBound } from "../block.ts";
import type { HistoryScan, HistoryStore, HistoryWindow } from "../history-store.ts";
import type { RowView } from "../row-view.ts";

/** Rows that a slice visits, as a rule at most: a millisecond's work or two. */
export const SLICE_ROWS_MAX = 20_000;

/** What of a window an answer is made of. */
export interface CoveredWindow {
  readonly asked: HistoryWindow;
  /** Undefined: nothing. */
  readonly covered: HistoryWindow | undefined;
  /** Where the store began when the answer was ready. Infinity: nothing had been loaded. */
  readonly horizonUs: number;
  /** Not all that was asked for is covered. */
  readonly partial: boolean;
}

/** Where the answer to a window begins, followed while it is worked out. */
export class CoverageWatch {
  readonly #store: HistoryStore;
  readonly #asked: HistoryWindow;
  #fromUs: number;

  constructor(store: HistoryStore, asked: HistoryWindow) {
    this.#store = store;
    this.#asked = asked;
    this.#fromUs = Math.max(asked.fromUs, store.horizonUs);
  }

  /** Before a slice that begins there is scanned. */
  note(sliceFromUs: number): void {
    const { horizonUs } = this.#store;
    if (horizonUs > sliceFromUs) this.#fromUs = Math.max(this.#fromUs, horizonUs);
  }

  covered(): CoveredWindow {
    const { fromUs, toUs } = this.#asked;
    const isAny = this.#fromUs < toUs;
    return {
      asked: this.#asked,
      covered: isAny ? { fromUs: this.#fromUs, toUs } : undefined,
      horizonUs: this.#store.horizonUs,
      partial: this.#fromUs > fromUs,
    };
  }
}

/**
 * Visits the rows of a scan in the order of time, some `SLICE_ROWS_MAX` of them in each step of the generator. It yields
 * behind each slice. Of a scan by server or monitor the slices grow until they hold about as many.
 */
export function* scanInSlices(
  store: HistoryStore,
  scan: HistoryScan,
  visit: (row: RowView) => void,
  watch: CoverageWatch = new CoverageWatch(store, scan),
): Generator<void, void, void> {
  let fromUs = Math.max(scan.fromUs, store.horizonUs);
  let rowsMax = SLICE_ROWS_MAX;
  let visited = 0;
  const count = (row: RowView): void => {
    visited += 1;
    visit(row);
  };
  while (fromUs < scan.toUs) {
    const toUs = Math.min(scan.toUs, sliceEndUs(store, fromUs, rowsMax));
    watch.note(fromUs);
    visited = 0;
    store.scan({ ...scan, fromUs, toUs }, count);
    if (2 * visited <= SLICE_ROWS_MAX) rowsMax *= 2;
    else if (visited > SLICE_ROWS_MAX) rowsMax = Math.max(SLICE_ROWS_MAX, rowsMax / 2);
    fromUs = toUs;
    yield;
  }
}

/** Behind `rowsMax` rows of all servers from here; never before the next microsecond. */
function sliceEndUs(store: HistoryStore, fromUs: number, rowsMax: number): number {
  let left = rowsMax;
  for (const block of store.blocks()) {
    if (lastUsOf(block) < fromUs) continue;
    const row = firstUsOf(block) >= fromUs ? 0 : lowerBound(block, fromUs);
    if (row + left < block.length) return Math.max(fromUs + 1, atUsOf(block, row + left));
    left -= block.length - row;
  }
  return Number.POSITIVE_INFINITY;
}
