// One mark of the axis: whisker, shape, and a name where it has one.

import type { ReactNode } from "react";
import { formatOffset } from "../format/offset.ts";
import { verdictPath } from "../parts/verdict.tsx";
import type { PlacedMark } from "./axis-layout.ts";

const RADIUS = 5;
const LABEL_GAP = 7;
/** What a stale mark keeps of its ink: it must still be found. */
const OPACITY_MIN = 0.4;

interface AxisMarkProps {
  readonly mark: PlacedMark;
  readonly tabIndex: number;
  readonly onOpen: () => void;
  readonly onClose: () => void;
}

export function AxisMark(props: AxisMarkProps): ReactNode {
  const { mark } = props;
  const { item, whisker } = mark;
  const offset = item.offset;
  const text = offset === undefined ? item.note : formatOffset(offset.valueNs, offset.boundNs).text;
  const opacity = OPACITY_MIN + (1 - OPACITY_MIN) * item.freshness;
  return (
    <a
      href={item.href}
      className={`axis-mark is-${item.shape}`}
      tabIndex={props.tabIndex}
      aria-label={`${item.name}: ${item.shape}, ${text}${item.freshness === 0 ? ", stale" : ""}`}
      onPointerEnter={props.onOpen}
      onFocus={props.onOpen}
      onBlur={props.onClose}
    >
      <g className="axis-mark-place" style={{ transform: `translate(${mark.x}px, ${mark.y}px)` }}>
        <rect className="axis-mark-hit" x={-12} y={-12} width={24} height={24} />
        <g opacity={opacity}>
          {whisker === undefined ? null : <Whisker {...whisker} x={mark.x} />}
          <path
            className="axis-mark-shape"
            d={mark.beyond ? beyondPath(mark.x > 100) : verdictPath(item.shape, RADIUS)}
          />
        </g>
        {mark.label === undefined ? null : <MarkLabel mark={mark} />}
      </g>
    </a>
  );
}

function Whisker(props: {
  readonly left: number;
  readonly right: number;
  readonly x: number;
}): ReactNode {
  const left = props.left - props.x;
  const right = props.right - props.x;
  if (right - left < 2 * RADIUS) return null;
  return <path className="axis-whisker" d={`M${left} -3v6M${left} 0H${right}M${right} -3v6`} />;
}

function MarkLabel(props: { readonly mark: PlacedMark }): ReactNode {
  const { mark } = props;
  const reach = (end: number): number => Math.max(RADIUS + 2, Math.abs(end - mark.x));
  const x =
    mark.label === "right"
      ? reach(mark.reach.right) + LABEL_GAP
      : -reach(mark.reach.left) - LABEL_GAP;
  return (
    <text
      className="axis-mark-label"
      x={x}
      y={4}
      textAnchor={mark.label === "right" ? "start" : "end"}
    >
      {mark.item.name}
    </text>
  );
}

/** A double arrow: the clock is somewhere out there. */
function beyondPath(toTheRight: boolean): string {
  const d = toTheRight ? 1 : -1;
  return `M${-6 * d} -5L0 0L${-6 * d} 5M0 -5L${6 * d} 0L0 5`;
}
