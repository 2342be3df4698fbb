// Which part of time, and which scale.

import type { ReactNode } from "react";
import type { HistoryRange } from "../api/queries.ts";
import { Instant } from "../parts/values.tsx";
import type { Search } from "../url/search.ts";
import type { ChangeSearch } from "../url/use-search.ts";
import { SPANS } from "./view.ts";

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
      <div className="chips" role="group" aria-label="Range up to now">
        {SPANS.map((span) => (
          <button
            key={span.word}
            type="button"
            className="chip"
            aria-pressed={range.kind === "last" && range.spanMs === span.ms}
            onClick={() => change({ range: span.word, from: undefined, to: undefined })}
          >
            {span.word.replace(/(\d)([a-z])/, "$1 $2")}
          </button>
        ))}
      </div>
      {range.kind === "fixed" ? (
        <span className="range-fixed">
          <Instant atMs={range.fromMs} full /> to <Instant atMs={range.toMs} full />
          <button type="button" className="button is-small" onClick={props.onReset}>
            Back to now
          </button>
        </span>
      ) : null}
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
