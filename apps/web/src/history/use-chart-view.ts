// Which part of time is shown: what the address says, while no gesture is under way.

import { useEffect, useMemo, useState } from "react";
import type { HistoryRange } from "../api/queries.ts";
import { serverNowMs } from "../parts/now.ts";
import type { Search } from "../url/search.ts";
import { useSearchState } from "../url/use-search.ts";
import { rangeOf, type View, viewOf, viewWords } from "./view.ts";

export interface ChartView {
  readonly search: Search;
  readonly change: ReturnType<typeof useSearchState>[1];
  readonly range: HistoryRange;
  /** The view, given up to when the data reach. */
  readonly at: (toMs: number) => View;
  /** During a gesture: shown at once, not yet in the address. */
  readonly move: (view: View) => void;
  /** At its end: into the address, which asks for finer data. */
  readonly settle: (view: View) => void;
  readonly reset: () => void;
}

/** `addedAtMs`: when the server's life began; a young one is shown whole. */
export function useChartView(addedAtMs: number | undefined): ChartView {
  const [search, change] = useSearchState();
  const [moving, setMoving] = useState<View>();
  const ageMs = useMemo(
    () => (addedAtMs === undefined ? undefined : serverNowMs() - addedAtMs),
    [addedAtMs],
  );
  const range = rangeOf(search, ageMs);
  const { from, to, range: span } = search;
  // When the address has changed it has the last word.
  useEffect(() => setMoving(undefined), [from, to, span]);
  return {
    search,
    change,
    range,
    at: (toMs) => moving ?? viewOf(range, toMs),
    move: setMoving,
    settle: (view) => {
      setMoving(view);
      change({ ...viewWords(view), range: undefined });
    },
    reset: () => {
      setMoving(undefined);
      change({ from: undefined, to: undefined });
    },
  };
}
