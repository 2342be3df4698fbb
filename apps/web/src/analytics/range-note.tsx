// Which part of time an answer is made of, and that it is all that was asked for, or not.

import type { analyticsV1 } from "@truechimer/api";
import type { ReactNode } from "react";
import { msOf } from "../api/message.ts";
import { countOf } from "../format/number.ts";
import { Instant } from "../parts/values.tsx";

export function RangeNote(props: {
  readonly range: analyticsV1.AnalyticsRange | undefined;
}): ReactNode {
  const { range } = props;
  const fromMs = msOf(range?.coveredFrom);
  const toMs = msOf(range?.coveredTo);
  const horizonMs = msOf(range?.horizon);
  if (range === undefined) return null;
  if (fromMs === undefined || toMs === undefined) {
    return (
      <p className="range-note is-partial">
        {horizonMs === undefined ? (
          "Nothing is in memory yet: the history is being loaded."
        ) : (
          <>
            Nothing of this range is in memory, which begins at <Instant atMs={horizonMs} full />.
          </>
        )}
      </p>
    );
  }
  return (
    <p className={range.partial ? "range-note is-partial" : "range-note"}>
      {countOf(Number(range.checks), "check")} from <Instant atMs={fromMs} full /> to{" "}
      <Instant atMs={toMs} full />
      {range.partial && horizonMs !== undefined ? (
        <>
          . Only a part of what was asked for: the history in memory begins at{" "}
          <Instant atMs={horizonMs} full />
        </>
      ) : null}
    </p>
  );
}
