// The figures of a check as cells of a row: offset or reason, round trip, step, score.

import type { adminV1 } from "@truechimer/api";
import type { ReactNode } from "react";
import { offsetOf } from "../api/message.ts";
import { formatSpan } from "../format/offset.ts";
import { formatScore, formatStep } from "../format/score.ts";
import { Nothing, OffsetColumns } from "./values.tsx";
import { reasonWords, TERMS } from "./words.ts";

interface CheckCellsProps {
  readonly check: adminV1.Check;
  /** A cell of the page's own, between round trip and step. */
  readonly children?: ReactNode;
}

export function CheckCells({ check, children }: CheckCellsProps): ReactNode {
  return (
    <>
      <td className="is-number">
        {check.reason === "" ? (
          <OffsetColumns offset={offsetOf(check.offset)} />
        ) : (
          <span className="bad" title={check.reasonText}>
            {reasonWords(check.reason)}
          </span>
        )}
      </td>
      <td className="is-number is-minor">
        {check.rttNs === undefined ? <Nothing why="no answer" /> : formatSpan(check.rttNs)}
      </td>
      {children}
      <td className={`is-number is-minor${check.step < 0 ? " bad" : ""}`}>
        {formatStep(check.step)}
      </td>
      <td className="is-number is-minor">{formatScore(check.score)}</td>
    </>
  );
}

/** The heads of these columns. */
export function CheckHeads({ children }: { readonly children?: ReactNode }): ReactNode {
  return (
    <>
      <th scope="col" className="is-number" title={TERMS.offset}>
        Offset
      </th>
      <th scope="col" className="is-number is-minor" title={TERMS.rtt}>
        Round trip
      </th>
      {children}
      <th scope="col" className="is-number is-minor" title={TERMS.step}>
        Step
      </th>
      <th scope="col" className="is-number is-minor" title={TERMS.score}>
        Score
      </th>
    </>
  );
}
