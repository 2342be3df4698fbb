// Which part of time, up to now or fixed.

import type { ReactNode } from "react";
import type { HistoryRange } from "../api/queries.ts";
import { SPANS } from "../history/view.ts";
import { Instant } from "../parts/values.tsx";
import type { ChangeSearch } from "../url/use-search.ts";

export function RangeChips(props: {
  readonly range: HistoryRange;
  readonly change: ChangeSearch;
}): ReactNode {
  const { range, change } = props;
  return (
    <>
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
          <button
            type="button"
            className="button is-small"
            onClick={() => change({ from: undefined, to: undefined })}
          >
            Back to now
          </button>
        </span>
      ) : null}
    </>
  );
}
