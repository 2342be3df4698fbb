// The ledger drawn: the score as a line over the checks, oldest at the left, and each step as a bar from zero.

import type { adminV1 } from "@truechimer/api";
import type { ReactNode } from "react";
import { formatScore } from "../format/score.ts";
import { useWidth } from "../parts/use-size.ts";
import { ledgerLayout } from "./ledger-layout.ts";

const HEIGHT = 120;
/** For the numbers at the right edge. */
const MARGIN = 40;

export function LedgerPicture(props: { readonly steps: readonly adminV1.LedgerStep[] }): ReactNode {
  const [holder, width] = useWidth<HTMLElement>();
  const steps = props.steps
    .flatMap(({ arithmetic }) => (arithmetic === undefined ? [] : [arithmetic]))
    .toReversed();
  const layout = ledgerLayout(steps, { width: Math.max(0, width - MARGIN), height: HEIGHT });
  const first = steps[0]?.scoreBefore ?? 0;
  const last = steps.at(-1)?.scoreAfter ?? 0;
  const bad = steps.filter(({ step }) => step < 0).length;
  const summary = `${steps.length} steps from ${formatScore(first)} to ${formatScore(last)}, ${bad} of them downwards`;
  return (
    <figure className="ledger-picture" ref={holder}>
      <svg width={width} height={HEIGHT} role="img" aria-label={summary}>
        <title>{summary}</title>
        {layout.levels.map(({ score, y }) => (
          <g key={score}>
            <line className="ledger-level" x1={0} x2={Math.max(0, width - MARGIN)} y1={y} y2={y} />
            <text x={Math.max(0, width - MARGIN) + 6} y={y + 4}>
              {formatScore(score)}
            </text>
          </g>
        ))}
        {layout.bars.map((bar) => (
          <rect
            key={bar.x}
            className={bar.down ? "ledger-step is-down" : "ledger-step"}
            x={bar.x}
            y={bar.y}
            width={bar.width}
            height={bar.height}
          />
        ))}
        <path className="ledger-line" d={layout.path} />
      </svg>
    </figure>
  );
}
