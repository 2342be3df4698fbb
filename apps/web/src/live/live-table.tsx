// The newest checks, a row each.

import type { ReactNode } from "react";
import { msOf } from "../api/message.ts";
import { CheckCells, CheckHeads } from "../parts/check-cells.tsx";
import { Instant, Nothing } from "../parts/values.tsx";
import { paths } from "../url/paths.ts";
import type { ShownCheck } from "./shown-check.ts";

interface LiveTableProps {
  readonly rows: readonly ShownCheck[];
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
            <CheckHeads>
              <th scope="col" className="is-number is-minor">
                Stratum
              </th>
            </CheckHeads>
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
                <CheckCells check={check}>
                  <td className="is-number is-minor">
                    {check.stratum === undefined ? <Nothing why="no answer" /> : check.stratum}
                  </td>
                </CheckCells>
              </tr>
            ),
          )}
        </tbody>
      </table>
    </div>
  );
}
