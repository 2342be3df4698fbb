// One row's strip: the others' median in the middle, this monitor's view as a mark with its bound as the whisker.

import type { ReactNode } from "react";
import { verdictPath } from "../parts/verdict.tsx";
import { createOffsetScale } from "../scale/symlog.ts";

const WIDTH = 208;
const HEIGHT = 20;
const EDGE = 8;
const RADIUS = 4;
/** Differences are small beside offsets: the scale ends at a second. */
const SCALE = createOffsetScale(EDGE, WIDTH - EDGE, 1e9);
const TICKS_NS = [-1e6, -25e6, 1e6, 25e6];

interface DifferenceStripProps {
  readonly differenceNs: bigint | undefined;
  readonly boundNs: bigint | undefined;
  readonly apart: boolean;
}

/** Hidden from those who cannot see it: the number stands beside it. */
export function DifferenceStrip(props: DifferenceStripProps): ReactNode {
  const middle = HEIGHT / 2;
  return (
    <svg className="strip" width={WIDTH} height={HEIGHT} aria-hidden="true">
      <path className="strip-line" d={`M${EDGE} ${middle}H${WIDTH - EDGE}`} />
      <path
        className="strip-tick"
        d={TICKS_NS.map((ns) => `M${SCALE.x(ns)} ${middle - 3}v6`).join("")}
      />
      <path className="strip-zero" d={`M${SCALE.x(0)} 1V${HEIGHT - 1}`} />
      {props.differenceNs === undefined ? null : (
        <StripMark {...props} differenceNs={props.differenceNs} />
      )}
    </svg>
  );
}

function StripMark(props: DifferenceStripProps & { readonly differenceNs: bigint }): ReactNode {
  const value = Number(props.differenceNs);
  const bound = Number(props.boundNs ?? 0n);
  const middle = HEIGHT / 2;
  const [left, right] = [SCALE.x(value - bound), SCALE.x(value + bound)];
  return (
    <g className={props.apart ? "strip-mark is-apart" : "strip-mark"}>
      {right - left > 2 * RADIUS ? (
        <path
          className="strip-whisker"
          d={`M${left} ${middle - 3}v6M${left} ${middle}H${right}M${right} ${middle - 3}v6`}
        />
      ) : null}
      <path
        className="strip-shape"
        d={verdictPath(props.apart ? "falseticker" : "truechimer", RADIUS)}
        transform={`translate(${SCALE.x(value)} ${middle})`}
      />
    </g>
  );
}
