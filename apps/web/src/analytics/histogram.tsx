// A distribution as bars. What lies beyond the bulk stands at both ends, hatched, with the extreme that it reaches to.

import type { analyticsV1 } from "@truechimer/api";
import { type ReactNode, useId } from "react";
import { countOf, formatCount, NO_BREAK_SPACE } from "../format/number.ts";
import { formatSpan, formatTick } from "../format/offset.ts";
import { linearTicks } from "../history/ticks.ts";
import { useWidth } from "../parts/use-size.ts";

const HEIGHT = 208;
const BARS = 136;
const TOP = 24;
const TAIL = 40;
const TICK_PIXELS = 88;
/** One check of a million is still seen. */
const BAR_MIN = 1.5;
/** Of a value that was measured; the edges of bins are rounder than that. */
const DIGITS = 4;

interface HistogramProps {
  readonly distribution: analyticsV1.Distribution;
  /** Signed values, such as offsets. */
  readonly signed: boolean;
  readonly label: string;
}

export function Histogram(props: HistogramProps): ReactNode {
  const { distribution, signed, label } = props;
  const [box, width] = useWidth<HTMLElement>();
  const hatch = useId();
  const text = (exactNs: number): string => {
    const ns = Number(exactNs.toPrecision(DIGITS));
    return signed || ns === 0 ? formatTick(ns) : formatSpan(ns);
  };
  const { counts, below, above, firstFrom, binWidth } = distribution;
  const room = Math.max(0, width - 2 * TAIL);
  const binPixels = room / Math.max(1, counts.length);
  const x = (ns: number): number => TAIL + ((ns - firstFrom) / binWidth) * binPixels;
  const greatest = Math.max(1, ...counts.map(Number), Number(below), Number(above));
  const heightOf = (count: bigint): number =>
    count === 0n ? 0 : Math.max(BAR_MIN, (Number(count) / greatest) * BARS);
  const base = TOP + BARS;
  const end = firstFrom + counts.length * binWidth;
  const median = distribution.percentiles[distribution.shares.indexOf(0.5)];
  const bar = (at: number, barWidth: number, count: bigint): ReactNode => (
    <rect
      x={at}
      y={base - heightOf(count)}
      width={Math.max(0.5, barWidth)}
      height={heightOf(count)}
    />
  );
  return (
    <figure className="histogram" ref={box}>
      <svg width={width} height={HEIGHT} role="img" aria-label={`${label}: ${summaryOf(props)}`}>
        <defs>
          <pattern
            id={hatch}
            width={6}
            height={6}
            patternUnits="userSpaceOnUse"
            patternTransform="rotate(45)"
          >
            <path className="histogram-hatch" d="M0 0V6" />
          </pattern>
        </defs>
        <g>
          {counts.map((count, bin) => (
            // The place says which bin it is.
            <g key={firstFrom + bin * binWidth}>
              <title>
                {`${text(firstFrom + bin * binWidth)} to ${text(firstFrom + (bin + 1) * binWidth)}: ${countOf(Number(count), "check")}`}
              </title>
              {bar(TAIL + bin * binPixels + 0.5, binPixels - 1, count)}
            </g>
          ))}
        </g>
        <g className="histogram-tail" fill={`url(#${hatch})`}>
          {bar(4, TAIL - 12, below)}
          {bar(TAIL + room + 8, TAIL - 12, above)}
        </g>
        <line className="histogram-base" x1={0} x2={width} y1={base + 0.5} y2={base + 0.5} />
        {linearTicks(firstFrom, end, room / TICK_PIXELS).map((tick) => (
          <g key={tick}>
            <line className="histogram-base" x1={x(tick)} x2={x(tick)} y1={base} y2={base + 4} />
            <text x={x(tick)} y={base + 18}>
              {text(tick)}
            </text>
          </g>
        ))}
        {median === undefined ? null : (
          <g className="histogram-median">
            <line x1={x(median)} x2={x(median)} y1={TOP - 4} y2={base} />
            <text x={Math.min(width - 60, Math.max(60, x(median)))} y={14}>
              median {text(median)}
            </text>
          </g>
        )}
        {below === 0n ? null : (
          <text x={0} y={base + 36} className="is-start">
            {formatCount(below)} down to {text(distribution.least ?? 0)}
          </text>
        )}
        {above === 0n ? null : (
          <text x={width} y={base + 36} className="is-end">
            {formatCount(above)} up to {text(distribution.greatest ?? 0)}
          </text>
        )}
      </svg>
      <PercentileTable distribution={distribution} text={text} />
    </figure>
  );
}

function summaryOf({ distribution, signed }: HistogramProps): string {
  const { count, least, greatest, percentiles, shares } = distribution;
  if (least === undefined || greatest === undefined) return "no values";
  const text = (ns: number | undefined): string => {
    if (ns === undefined) return "unknown";
    return signed ? formatTick(Number(ns.toPrecision(DIGITS))) : formatSpan(ns);
  };
  const at = (share: number): string => text(percentiles[shares.indexOf(share)]);
  return `${countOf(Number(count), "check")}, median ${at(0.5)}, half of them from ${at(0.25)} to ${at(0.75)}, all from ${text(least)} to ${text(greatest)}`;
}

function PercentileTable(props: {
  readonly distribution: analyticsV1.Distribution;
  readonly text: (ns: number) => string;
}): ReactNode {
  const { least, greatest, shares, percentiles } = props.distribution;
  if (least === undefined || greatest === undefined) return null;
  const rows = [
    { word: "least", ns: least },
    ...shares.map((share, at) => ({
      word: share === 0.5 ? "median" : `${share * 100}${NO_BREAK_SPACE}%`,
      ns: percentiles[at] ?? Number.NaN,
    })),
    { word: "greatest", ns: greatest },
  ];
  return (
    <dl className="percentiles">
      {rows.map(({ word, ns }) => (
        <div key={word}>
          <dt>{word}</dt>
          <dd className="number">{props.text(ns)}</dd>
        </div>
      ))}
    </dl>
  );
}
