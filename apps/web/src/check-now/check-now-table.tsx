// The same answers as a table.

import type { ReactNode } from "react";
import { msOf, offsetOf } from "../api/message.ts";
import { formatSpan } from "../format/offset.ts";
import { Nothing, OffsetColumns, TimeAgo } from "../parts/values.tsx";
import { reasonWords, TERMS } from "../parts/words.ts";
import type { CheckNowRun } from "./check-now-state.ts";

export function CheckNowTable(props: { readonly run: CheckNowRun }): ReactNode {
  const { run } = props;
  return (
    <div className="table-scroll">
      <table className="table is-compact" id="check-now-answers">
        <thead>
          <tr>
            <th scope="col">Monitor</th>
            <th scope="col" className="is-minor">
              Place
            </th>
            <th scope="col" className="is-number" title={TERMS.offset}>
              Offset
            </th>
            <th scope="col" className="is-number" title={TERMS.rtt}>
              Round trip
            </th>
            <th scope="col" className="is-number is-minor" title={TERMS.stratum}>
              Stratum
            </th>
            <th scope="col" className="is-number is-minor" title={TERMS.leap}>
              Leap
            </th>
            <th scope="col" className="is-number is-minor">
              Answered
            </th>
          </tr>
        </thead>
        <tbody>
          {run.monitors.map((monitor) => {
            const answer = run.answers.get(monitor.id);
            return (
              <tr key={monitor.id.toString()} className={answer === undefined ? "is-stale" : ""}>
                <th scope="row">{monitor.name}</th>
                <td className="is-minor">
                  {monitor.location === "" ? <Nothing /> : monitor.location}
                </td>
                <td className="is-number">
                  {answer === undefined ? (
                    <span className="soft">{run.phase === "ended" ? "not in time" : "asked…"}</span>
                  ) : answer.reason === "" ? (
                    <OffsetColumns offset={offsetOf(answer.offset)} />
                  ) : (
                    <span className="bad">{reasonWords(answer.reason)}</span>
                  )}
                </td>
                <td className="is-number">
                  {answer?.rttNs === undefined ? (
                    <Nothing why="no answer" />
                  ) : (
                    formatSpan(answer.rttNs)
                  )}
                </td>
                <td className="is-number is-minor">{answer?.stratum ?? <Nothing />}</td>
                <td className="is-number is-minor">{answer?.leap ?? <Nothing />}</td>
                <td className="is-number is-minor">
                  <TimeAgo atMs={msOf(answer?.answeredAt)} never="not yet" />
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
