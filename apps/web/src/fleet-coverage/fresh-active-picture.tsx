// How many servers have 0, 1, 2, … fresh active monitors, as bars; those with too few stand out by shape and colour.

import type { ReactNode } from "react";
import { countOf, formatCount } from "../format/number.ts";
import { useWidth } from "../parts/use-size.ts";
import { freshActiveWord } from "./coverage-words.ts";

const HEIGHT = 128;
const BAR_AREA = 88;
const BAR_WIDTH_MAX = 72;
const GAP = 8;
/** One server of ten thousand is still seen. */
const BAR_HEIGHT_MIN = 2;

export function FreshActivePicture(props: {
  readonly counts: readonly number[];
  readonly enough: number;
}): ReactNode {
  const { counts, enough } = props;
  const [holder, width] = useWidth<HTMLElement>();
  const step = Math.min(BAR_WIDTH_MAX + GAP, width / Math.max(1, counts.length));
  const greatest = Math.max(1, ...counts);
  const last = counts.length - 1;
  const summary = counts
    .map((count, at) => `${freshActiveWord(at, last)}: ${countOf(count, "server")}`)
    .join(", ");
  return (
    <figure className="fresh-active" ref={holder}>
      <svg
        width={width}
        height={HEIGHT}
        role="img"
        aria-label={`By fresh active monitors: ${summary}`}
      >
        {counts.map((count, at) => {
          const height = count === 0 ? 0 : Math.max(BAR_HEIGHT_MIN, (count / greatest) * BAR_AREA);
          const x = at * step;
          const middle = x + (step - GAP) / 2;
          return (
            // The place says which bar it is.
            <g key={freshActiveWord(at, last)} className={at < enough ? "is-short" : ""}>
              <text x={middle} y={BAR_AREA - height + 12} className="fresh-active-count">
                {count === 0 ? "" : formatCount(count)}
              </text>
              <rect
                x={x}
                y={BAR_AREA - height + 16}
                width={Math.max(0, step - GAP)}
                height={height}
              />
              <text x={middle} y={HEIGHT - 6} className="fresh-active-word">
                {freshActiveWord(at, last)}
              </text>
            </g>
          );
        })}
        <line
          x1={0}
          x2={Math.max(0, counts.length * step - GAP)}
          y1={BAR_AREA + 16.5}
          y2={BAR_AREA + 16.5}
        />
      </svg>
    </figure>
  );
}
