// The same paths, one monitor after the other.

import type { adminV1 } from "@truechimer/api";
import type { ReactNode } from "react";
import { networkText } from "../format/network.ts";
import { formatSpan } from "../format/offset.ts";

export function TracerouteTable(props: {
  readonly answers: readonly adminV1.CheckNowAnswer[];
}): ReactNode {
  return (
    <details className="as-table">
      <summary>Show hop by hop</summary>
      <div className="table-scroll" tabIndex={0} role="group" aria-label="Paths, hop by hop">
        <table className="table is-compact">
          <thead>
            <tr>
              <th scope="col">Monitor</th>
              <th scope="col" className="is-number">
                Hop
              </th>
              <th scope="col">Answered by</th>
            </tr>
          </thead>
          <tbody>
            {props.answers.flatMap((answer) =>
              answer.hops.map((hop) => (
                <tr key={`${answer.monitorId} ${hop.hopLimit}`}>
                  <th scope="row">{answer.monitorName}</th>
                  <td className="is-number">{hop.hopLimit}</td>
                  <td className="number">
                    {hop.answers.length === 0 ? (
                      <span className="soft">nobody</span>
                    ) : (
                      hop.answers
                        .map(({ address, rttNs, network }) =>
                          [
                            address,
                            ...(network === undefined ? [] : [`in ${networkText(network)}`]),
                            `after ${formatSpan(rttNs)}`,
                          ].join(" "),
                        )
                        .join(", ")
                    )}
                  </td>
                </tr>
              )),
            )}
          </tbody>
        </table>
      </div>
    </details>
  );
}
