// Which part of time, and which scale.

import type { ReactNode } from "react";
import type { HistoryRange } from "../api/queries.ts";
import type { Search } from "../url/search.ts";
import type { ChangeSearch } from "../url/use-search.ts";
import { RangeChips } from "./range-chips.tsx";

interface RangeToolsProps {
  readonly search: Search;
  readonly change: ChangeSearch;
  readonly range: HistoryRange;
  readonly onReset: () => void;
}

export function RangeTools(props: RangeToolsProps): ReactNode {
  const { search, change, range } = props;
  const full = search["scale"] === "full";
  return (
    <div className="tools range-tools">
      <RangeChips range={range} change={change} onReset={props.onReset} />
      <span className="tools-gap" />
      <button
        type="button"
        className="chip"
        aria-pressed={full}
        title="Both directions alike and at least to the limit, instead of only what is in view"
        onClick={() => change({ scale: full ? undefined : "full" }, "replace")}
      >
        Full scale
      </button>
      <span className="soft range-hint">Drag zooms, Shift-drag pans, Esc resets</span>
    </div>
  );
}
