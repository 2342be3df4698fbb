// Which monitors watch the server, in which role, and what each says now.

import type { adminV1 } from "@truechimer/api";
import type { ReactNode } from "react";
import { msOf, offsetOf } from "../api/message.ts";
import { formatSpan } from "../format/offset.ts";
import { formatScore } from "../format/score.ts";
import { Nothing, OffsetColumns, TimeAgo } from "../parts/values.tsx";
import { assignmentWord, reasonWords, TERMS } from "../parts/words.ts";
import { paths } from "../url/paths.ts";

export function Assignments(props: {
  readonly assignments: readonly adminV1.Assignment[];
}): ReactNode {
  if (props.assignments.length === 0) {
    return (
      <p className="soft">
        Nobody yet. Every live monitor of the same IP family is assigned within seconds.
      </p>
    );
  }
  const rows = props.assignments.toSorted(
    (one, other) =>
      other.status - one.status ||
      one.monitorName.localeCompare(other.monitorName, "en", { numeric: true }),
  );
  return (
    <div className="table-scroll">
      <table className="table is-compact is-facts assignments">
        <thead>
          <tr>
            <th scope="col">Monitor</th>
            <th scope="col" className="is-minor">
              As
            </th>
            <th scope="col" className="is-number" title={TERMS.offset}>
              Offset
            </th>
            <th scope="col" className="is-number is-minor" title={TERMS.rtt}>
              Round trip
            </th>
            <th scope="col" className="is-number" title={TERMS.score}>
              Score, age
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <AssignmentRow key={row.monitorId.toString()} row={row} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function AssignmentRow(props: { readonly row: adminV1.Assignment }): ReactNode {
  const { row } = props;
  return (
    <tr className={row.fresh ? "" : "is-stale"}>
      <th scope="row">
        {row.lastCheckId === undefined ? (
          row.monitorName
        ) : (
          <a href={paths.check(row.lastCheckId)}>{row.monitorName}</a>
        )}
        {row.fresh ? null : <span className="stale-word">stale</span>}
      </th>
      <td className="is-minor">{assignmentWord(row.status)}</td>
      <td className="is-number">
        {row.reason === "" ? (
          <OffsetColumns offset={offsetOf(row.offset)} />
        ) : (
          <span className="bad">{reasonWords(row.reason)}</span>
        )}
      </td>
      <td className="is-number is-minor">
        {row.rttNs === undefined ? <Nothing why="no answer" /> : formatSpan(row.rttNs)}
      </td>
      <td className="is-number" data-label="score">
        <span className="score">
          {row.score === undefined ? <Nothing why="not scored" /> : formatScore(row.score)}{" "}
          <span className="score-age">
            <TimeAgo atMs={msOf(row.lastCheckAt)} bare />
          </span>
        </span>
      </td>
    </tr>
  );
}
