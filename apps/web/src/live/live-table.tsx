// The newest checks, a row each.

import type { adminV1 } from "@truechimer/api";
import type { ReactNode } from "react";
import { msOf, offsetOf } from "../api/message.ts";
import { formatSpan } from "../format/offset.ts";
import { formatScore, formatStep } from "../format/score.ts";
import { Instant, Nothing, OffsetColumns } from "../parts/values.tsx";
import { reasonWords, TERMS } from "../parts/words.ts";
import { paths } from "../url/paths.ts";

interface LiveTableProps {
  readonly rows: readonly adminV1.WatchedCheck[];
  readonly opened: bigint | undefined;
  readonly onOpen: (id: bigint) => void;
}

export function LiveTable({ rows, opened, onOpen }: LiveTableProps): ReactNode {
  return (
    <div className="table-scroll">
      <table className="table is-compact live-checks">
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">Server</th>
            <th scope="col" className="is-minor">
              Monitor
            </th>
            <th scope="col" className="is-number" title={TERMS.offset}>
              Offset
            </th>
            <th scope="col" className="is-number is-minor" title={TERMS.rtt}>
              Round trip
            </th>
            <th scope="col" className="is-number is-minor">
              Stratum
            </th>
            <th scope="col" className="is-number is-minor" title={TERMS.step}>
              Step
            </th>
            <th scope="col" className="is-number is-minor" title={TERMS.score}>
              Score
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ check, serverName }) =>
            check === undefined ? null : (
              <tr
                key={check.id.toString()}
                className={check.id === opened ? "is-chosen" : undefined}
              >
                <th scope="row">
                  <button
                    type="button"
                    className="button is-plain is-small"
                    aria-pressed={check.id === opened}
                    onClick={() => onOpen(check.id)}
                  >
                    <Instant atMs={msOf(check.at) ?? 0} />
                  </button>
                </th>
                <td>
                  <a href={paths.server(check.serverId)}>{serverName}</a>
                </td>
                <td className="is-minor">{check.monitorName}</td>
                <CheckFigures check={check} />
              </tr>
            ),
          )}
        </tbody>
      </table>
    </div>
  );
}

function CheckFigures({ check }: { readonly check: adminV1.Check }): ReactNode {
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
      <td className="is-number is-minor">
        {check.stratum === undefined ? <Nothing why="no answer" /> : check.stratum}
      </td>
      <td className={`is-number is-minor${check.step < 0 ? " bad" : ""}`}>
        {formatStep(check.step)}
      </td>
      <td className="is-number is-minor">{formatScore(check.score)}</td>
    </>
  );
}
