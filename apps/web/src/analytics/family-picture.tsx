// Two marks on one line: the median offset over IPv4 and over IPv6, each with its spread. Every row has the same axis.

import type { analyticsV1 } from "@truechimer/api";
import type { ReactNode } from "react";
import { formatOffset, formatSpan, formatTick } from "../format/offset.ts";
import { AXIS_MARKS_NS, createOffsetScale, LINEAR_NS, type OffsetScale } from "../scale/symlog.ts";

const HEIGHT = 22;
const MIDDLE = HEIGHT / 2;
const RADIUS = 4;
const HEAD_HEIGHT = 18;
/** Share of the width that stays free on both sides, so that a mark at the edge is whole. */
const EDGE_PERCENT = 5;
const LIMITS_NS = [LINEAR_NS, ...AXIS_MARKS_NS];
const LIMIT_MAX_NS = 30e9;

/** Percent of the width; it ends at the first mark beyond all offsets. */
export function familyScale(pairs: readonly analyticsV1.FamilyPair[]): OffsetScale {
  const greatest = Math.max(
    0,
    ...pairs.flatMap(({ ipv4, ipv6 }) => [ipv4, ipv6].map((side) => Math.abs(medianNs(side) ?? 0))),
  );
  const limit = LIMITS_NS.find((ns) => greatest < ns) ?? LIMIT_MAX_NS;
  return createOffsetScale(EDGE_PERCENT, 100 - EDGE_PERCENT, limit);
}

/** The axis in the head of the column. Hidden from those who cannot see it: each row says its values. */
export function FamilyAxis({ scale }: { readonly scale: OffsetScale }): ReactNode {
  const ends = [-scale.limitNs, scale.limitNs];
  return (
    <svg className="family-axis" width="100%" height={HEAD_HEIGHT} aria-hidden="true">
      {[...ends, 0].map((ns) => (
        <text
          key={ns}
          x={`${ns === 0 ? scale.x(0) : ns < 0 ? 0 : 100}%`}
          y={HEAD_HEIGHT - 5}
          textAnchor={ns === 0 ? "middle" : ns < 0 ? "start" : "end"}
        >
          {formatTick(ns)}
        </text>
      ))}
    </svg>
  );
}

export function FamilyPicture(props: {
  readonly pair: analyticsV1.FamilyPair;
  readonly scale: OffsetScale;
}): ReactNode {
  const { pair, scale } = props;
  const [ipv4, ipv6] = [medianNs(pair.ipv4), medianNs(pair.ipv6)];
  const words = `IPv4 ${sideText(pair.ipv4)}, IPv6 ${sideText(pair.ipv6)}`;
  return (
    <svg className="family-picture" width="100%" height={HEIGHT} role="img" aria-label={words}>
      <title>{words}</title>
      <line
        className="family-base"
        x1={`${EDGE_PERCENT}%`}
        x2={`${100 - EDGE_PERCENT}%`}
        y1={MIDDLE}
        y2={MIDDLE}
      />
      <line
        className="family-zero"
        x1={`${scale.x(0)}%`}
        x2={`${scale.x(0)}%`}
        y1={2}
        y2={HEIGHT - 2}
      />
      {ipv4 === undefined || ipv6 === undefined ? null : (
        <line
          className="family-between"
          x1={`${scale.x(ipv4)}%`}
          x2={`${scale.x(ipv6)}%`}
          y1={MIDDLE}
          y2={MIDDLE}
        />
      )}
      <Spread side={pair.ipv4} scale={scale} y={MIDDLE - RADIUS - 3} name="is-ipv4" />
      <Spread side={pair.ipv6} scale={scale} y={MIDDLE + RADIUS + 3} name="is-ipv6" />
      {ipv4 === undefined ? null : (
        <circle className="family-mark is-ipv4" cx={`${scale.x(ipv4)}%`} cy={MIDDLE} r={RADIUS} />
      )}
      {ipv6 === undefined ? null : (
        <svg x={`${scale.x(ipv6)}%`} y={MIDDLE} overflow="visible">
          <path className="family-mark is-ipv6" d={diamond(RADIUS + 1)} />
        </svg>
      )}
    </svg>
  );
}

/** What the marks mean. */
export function FamilyLegend(): ReactNode {
  return (
    <ul className="heat-legend">
      <li>
        <svg width={12} height={12} aria-hidden="true">
          <circle className="family-mark is-ipv4" cx={6} cy={6} r={RADIUS} />
        </svg>
        IPv4
      </li>
      <li>
        <svg width={12} height={12} viewBox="-6 -6 12 12" aria-hidden="true">
          <path className="family-mark is-ipv6" d={diamond(RADIUS + 1)} />
        </svg>
        IPv6
      </li>
      <li>Thin lines: the median distance from the median, to both sides.</li>
    </ul>
  );
}

function Spread(props: {
  readonly side: analyticsV1.FamilySide | undefined;
  readonly scale: OffsetScale;
  readonly y: number;
  readonly name: string;
}): ReactNode {
  const { side, scale, y, name } = props;
  const median = medianNs(side);
  if (median === undefined) return null;
  const spread = Number(side?.offsetSpreadNs ?? 0n);
  return (
    <line
      className={`family-spread ${name}`}
      x1={`${scale.x(median - spread)}%`}
      x2={`${scale.x(median + spread)}%`}
      y1={y}
      y2={y}
    />
  );
}

function medianNs(side: analyticsV1.FamilySide | undefined): number | undefined {
  const value = side?.figures?.offset?.valueNs;
  return value === undefined ? undefined : Number(value);
}

function sideText(side: analyticsV1.FamilySide | undefined): string {
  const median = medianNs(side);
  if (median === undefined) return "never answered";
  const spread = side?.offsetSpreadNs;
  const text = formatOffset(median).text;
  return spread === undefined ? text : `${text} with a spread of ${formatSpan(spread)}`;
}

function diamond(radius: number): string {
  return `M0 ${-radius}L${radius} 0L0 ${radius}L${-radius} 0Z`;
}
