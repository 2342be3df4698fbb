// Every monitor of the server: where it is, where the best choice has it, what its measurement costs, and the reason.

import { adminV1 } from "@truechimer/api";
import type { ReactNode } from "react";
import { formatFixed } from "../format/number.ts";
import { assignmentWord } from "../parts/words.ts";
import { inOrderOfRank } from "./review-words.ts";

const COST_DEFINITION =
  "What its measurement costs: loss, noise and delay in points, lower is better. Few results are taken for average ones.";
const BEST_DEFINITION =
  "Where the best choice under the policy has it; reviews go there in small steps.";

export function Explanations(props: {
  readonly explanations: readonly adminV1.AssignmentExplanation[];
}): ReactNode {
  const rows = inOrderOfRank(props.explanations);
  const greatest = Math.max(1, ...rows.map(({ costPoints }) => costPoints));
  return (
    <section aria-labelledby="monitors-title">
      <h2 id="monitors-title">Every monitor</h2>
      <div className="table-scroll">
        <table className="table is-compact is-prose explanations">
          <thead>
            <tr>
              <th scope="col">Monitor</th>
              <th scope="col">Is</th>
              <th scope="col" className="is-minor" title={BEST_DEFINITION}>
                Best
              </th>
              <th scope="col" className="is-number is-minor" title={COST_DEFINITION}>
                Cost
              </th>
              <th scope="col">Because it</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <ExplanationRow key={row.monitorId.toString()} row={row} greatest={greatest} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function ExplanationRow(props: {
  readonly row: adminV1.AssignmentExplanation;
  readonly greatest: number;
}): ReactNode {
  const { row, greatest } = props;
  const active = row.status === adminV1.AssignmentStatus.ACTIVE;
  return (
    <tr id={`monitor-${row.monitorId}`}>
      <th scope="row">{active ? <strong>{row.monitorName}</strong> : row.monitorName}</th>
      <td>{assignmentWord(row.status)}</td>
      <td className="is-minor">
        {row.target === row.status ? (
          <span className="soft">same</span>
        ) : (
          assignmentWord(row.target)
        )}
      </td>
      <td className="is-number is-minor">
        <span className="cost-cell">
          <span
            className="load-bar"
            aria-hidden="true"
            style={{ inlineSize: `${(Math.max(0, row.costPoints) / greatest) * 48}px` }}
          />
          {formatFixed(row.costPoints, 1)}
        </span>
      </td>
      <td title={row.hold}>{row.text}</td>
    </tr>
  );
}
