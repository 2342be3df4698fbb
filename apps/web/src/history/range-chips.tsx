// Which part of time, up to now or fixed.

import type { ReactNode } from "react";
import type { HistoryRange } from "../api/queries.ts";
import { Instant } from "../parts/values.tsx";
import type { ChangeSearch } from "../url/use-search.ts";
import { SPANS } from "./view.ts";

export function RangeChips(props: {
  readonly range: HistoryRange;
  readonly change: ChangeSearch;
  /** What leads back to now. Default: the address without its fixed range. */
  readonly onReset?: () => void;
}): ReactNode {
  const { range, change } = props;
  const reset = (): void => change({ from: undefined, to: undefined });
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
          <button type="button" className="button is-small" onClick={props.onReset ?? reset}>
            Back to now
          </button>
        </span>
      ) : null}
    </>
  );
}
