// The scale under the marks: line, marks with their values, and the band within which a clock is told true.

import type { ReactNode } from "react";
import { formatTick } from "../format/offset.ts";
import { AXIS_MARKS_NS, type OffsetScale } from "../scale/symlog.ts";
import { type AxisLayout, HEAD_HEIGHT } from "./axis-layout.ts";
import { fittingLabels } from "./lanes.ts";
import { labelWidth } from "./measure-text.ts";

/** In the order in which labels keep their place when there is little room. */
const LABEL_ORDER_NS = [0, 25e6, 1e9, 1e6, 10e9, 100e6];
const LABEL_GAP = 10;

interface AxisScaleProps {
  readonly scale: OffsetScale;
  readonly layout: AxisLayout;
  readonly limitNs: number;
}

export function AxisScale(props: AxisScaleProps): ReactNode {
  const { scale, layout, limitNs } = props;
  const ticks = [...AXIS_MARKS_NS.map((ns) => -ns), 0, ...AXIS_MARKS_NS];
  const left = scale.x(-limitNs);
  const right = scale.x(limitNs);
  const { baseline } = layout;
  return (
    <g className="axis-scale" aria-hidden="true">
      <rect
        className="axis-band"
        x={left}
        y={HEAD_HEIGHT - 8}
        width={right - left}
        height={baseline - HEAD_HEIGHT + 8}
      />
      <path
        className="axis-limit"
        d={`M${left} ${HEAD_HEIGHT - 8}V${baseline}M${right} ${HEAD_HEIGHT - 8}V${baseline}`}
      />
      <text className="axis-note" x={scale.x(0)} y={HEAD_HEIGHT - 14} textAnchor="middle">
        within ±{formatTick(limitNs).slice(1)}
      </text>
      <path className="axis-zero" d={`M${scale.x(0)} ${HEAD_HEIGHT - 8}V${baseline + 8}`} />
      <path className="axis-line" d={`M${scale.left} ${baseline}H${scale.right}`} />
      <path className="axis-tick" d={ticks.map((ns) => `M${scale.x(ns)} ${baseline}v8`).join("")} />
      <path
        className="axis-tick"
        d={[-100e3, 100e3, -10e6, 10e6].map((ns) => `M${scale.x(ns)} ${baseline}v4`).join("")}
      />
      {labels(scale).map((label) => (
        <text
          key={label.ns}
          className="axis-label"
          x={label.x}
          y={baseline + 22}
          textAnchor="middle"
        >
          {label.text}
        </text>
      ))}
      <text className="axis-note" x={scale.left} y={baseline + 42}>
        ← behind
      </text>
      <text className="axis-note" x={scale.right} y={baseline + 42} textAnchor="end">
        ahead →
      </text>
    </g>
  );
}

interface TickLabel {
  readonly ns: number;
  readonly x: number;
  readonly width: number;
  readonly text: string;
}

function labels(scale: OffsetScale): readonly TickLabel[] {
  const all = LABEL_ORDER_NS.flatMap((ns) => (ns === 0 ? [0] : [-ns, ns])).map((ns) => {
    const text = formatTick(ns);
    return { ns, x: scale.x(ns), width: labelWidth(text, false), text };
  });
  const inside = all.filter(
    (label) =>
      label.x - label.width / 2 >= scale.left - 12 && label.x + label.width / 2 <= scale.right + 12,
  );
  return fittingLabels(inside, LABEL_GAP);
}
