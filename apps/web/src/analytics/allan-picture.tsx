// Allan deviation over averaging time, both axes logarithmic, a line a monitor with its error as a whisker.

import type { analyticsV1 } from "@truechimer/api";
import type { ReactNode } from "react";
import { useWidth } from "../parts/use-size.ts";
import { averagingText, fractionText } from "./allan-words.ts";

const HEIGHT = 280;
const LEFT = 64;
const RIGHT = 12;
const TOP = 8;
const FOOT = 28;
/** Averaging times that people know. */
const TAU_MARKS_S = [1, 10, 60, 600, 3_600, 6 * 3_600, 86_400, 7 * 86_400];

export function AllanPicture(props: {
  readonly series: readonly analyticsV1.AllanSeries[];
  readonly label: string;
}): ReactNode {
  const { series, label } = props;
  const [box, width] = useWidth<HTMLElement>();
  const taus = series.flatMap(({ tauS }) => tauS);
  const deviations = series.flatMap(({ deviation }) => deviation).filter((value) => value > 0);
  if (deviations.length === 0) return <figure ref={box} />;
  const tau = logScale(Math.min(...taus), Math.max(...taus), [
    LEFT,
    Math.max(LEFT + 1, width - RIGHT),
  ]);
  const low = 10 ** Math.floor(Math.log10(Math.min(...deviations)));
  const high = 10 ** Math.ceil(Math.log10(Math.max(...deviations)));
  const y = logScale(low, high > low ? high : 10 * low, [HEIGHT - FOOT, TOP]);
  return (
    <figure className="allan" ref={box}>
      <svg width={width} height={HEIGHT} role="img" aria-label={label}>
        {decades(low, high).map((value) => (
          <g key={value}>
            <line className="allan-grid" x1={LEFT} x2={width - RIGHT} y1={y(value)} y2={y(value)} />
            <text className="is-end" x={LEFT - 8} y={y(value) + 4}>
              {`10${superscript(Math.round(Math.log10(value)))}`}
            </text>
          </g>
        ))}
        {TAU_MARKS_S.filter((mark) => mark >= Math.min(...taus) && mark <= Math.max(...taus)).map(
          (mark) => (
            <g key={mark}>
              <line
                className="allan-grid"
                x1={tau(mark)}
                x2={tau(mark)}
                y1={TOP}
                y2={HEIGHT - FOOT}
              />
              <text x={tau(mark)} y={HEIGHT - 8}>
                {averagingText(mark)}
              </text>
            </g>
          ),
        )}
        {series.map((one, at) => (
          <AllanLine key={one.monitorId.toString()} series={one} at={at} x={tau} y={y} low={low} />
        ))}
      </svg>
    </figure>
  );
}

function AllanLine(props: {
  readonly series: analyticsV1.AllanSeries;
  readonly at: number;
  readonly x: (tauS: number) => number;
  readonly y: (deviation: number) => number;
  readonly low: number;
}): ReactNode {
  const { series, at, x, y, low } = props;
  const points = series.tauS.flatMap((tauS, index) => {
    const deviation = series.deviation[index] ?? 0;
    return deviation > 0 ? [{ tauS, deviation, error: series.error[index] ?? 0 }] : [];
  });
  return (
    <g className={`allan-line is-line-${at + 1}`}>
      <polyline
        points={points.map(({ tauS, deviation }) => `${x(tauS)},${y(deviation)}`).join(" ")}
      />
      {points.map(({ tauS, deviation, error }) => (
        <g key={tauS}>
          <title>
            {`${series.monitorName}, ${averagingText(tauS)}: ${fractionText(deviation, error)}`}
          </title>
          <line
            x1={x(tauS)}
            x2={x(tauS)}
            y1={y(deviation + error)}
            y2={y(Math.max(low, deviation - error))}
          />
          <circle cx={x(tauS)} cy={y(deviation)} r={2.5} />
        </g>
      ))}
    </g>
  );
}

function logScale(
  low: number,
  high: number,
  [from, to]: readonly [number, number],
): (value: number) => number {
  const decadesAll = Math.log10(high / low) || 1;
  return (value) => from + (Math.log10(value / low) / decadesAll) * (to - from);
}

function decades(low: number, high: number): readonly number[] {
  const first = Math.round(Math.log10(low));
  const last = Math.round(Math.log10(high));
  return Array.from({ length: Math.max(1, last - first + 1) }, (_unused, at) => 10 ** (first + at));
}

function superscript(exponent: number): string {
  const digits = "⁰¹²³⁴⁵⁶⁷⁸⁹";
  const sign = exponent < 0 ? "⁻" : "";
  return (
    sign + Array.from(Math.abs(exponent).toString(), (digit) => digits[Number(digit)]).join("")
  );
}
