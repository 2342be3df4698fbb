// The servers by their overall score as bars; below 10, where the NTP Pool does not hand a server out, they are hollow.

import type { analyticsV1 } from "@truechimer/api";
import type { ReactNode } from "react";
import { countOf, formatCount, MINUS } from "../format/number.ts";
import { useWidth } from "../parts/use-size.ts";

const HEIGHT = 136;
const BAR_AREA = 88;
const BAR_WIDTH_MAX = 88;
const GAP = 8;
/** One server of ten thousand is still seen. */
const BAR_MIN = 2;
const HANDED_OUT_FROM = 10;

export function ScorePicture({
  bins,
}: {
  readonly bins: readonly analyticsV1.ScoreBin[];
}): ReactNode {
  const [holder, width] = useWidth<HTMLElement>();
  const step = Math.min(BAR_WIDTH_MAX + GAP, width / Math.max(1, bins.length));
  const greatest = Math.max(1, ...bins.map(({ servers }) => servers));
  const dipped = bins.reduce((sum, bin) => sum + (bin.from < HANDED_OUT_FROM ? 0 : bin.dipped), 0);
  const summary = bins
    .map((bin) => `${binText(bin)}: ${countOf(bin.servers, "server")}`)
    .join(", ");
  return (
    <figure className="fresh-active score-bins" ref={holder}>
      <svg width={width} height={HEIGHT} role="img" aria-label={`By score: ${summary}`}>
        {bins.map((bin, at) => {
          const height =
            bin.servers === 0 ? 0 : Math.max(BAR_MIN, (bin.servers / greatest) * BAR_AREA);
          const middle = at * step + (step - GAP) / 2;
          return (
            <g key={bin.from} className={bin.from < HANDED_OUT_FROM ? "is-short" : ""}>
              <title>{`${binText(bin)}: ${countOf(bin.servers, "server")}, ${formatCount(bin.dipped)} of them below 10 in this time`}</title>
              <text x={middle} y={BAR_AREA - height + 12} className="fresh-active-count">
                {bin.servers === 0 ? "" : formatCount(bin.servers)}
              </text>
              <rect
                x={at * step + 1}
                y={BAR_AREA - height + 16}
                width={Math.max(0, step - GAP - 2)}
                height={height}
              />
              <text x={middle} y={HEIGHT - 12} className="fresh-active-word">
                {numberText(bin.from)}
              </text>
            </g>
          );
        })}
        <line
          x1={0}
          x2={Math.max(0, bins.length * step - GAP)}
          y1={BAR_AREA + 16.5}
          y2={BAR_AREA + 16.5}
        />
      </svg>
      <figcaption className="heat-order">
        The last overall score of each server in this time; each bar begins at its number, the last
        ends at 20. Hollow: below 10, where the NTP Pool does not hand a server out.
        {dipped === 0
          ? ""
          : ` ${countOf(dipped, "server")} above it ${dipped === 1 ? "was" : "were"} below it in this time.`}
      </figcaption>
    </figure>
  );
}

function binText({ from, to }: analyticsV1.ScoreBin): string {
  return `${numberText(from)} to ${numberText(to)}`;
}

function numberText(value: number): string {
  return value < 0 ? `${MINUS}${-value}` : value.toString();
}
