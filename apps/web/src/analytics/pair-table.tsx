// Pairs of servers and monitors as rows: the same as the picture, for those who want the numbers.

import type { analyticsV1 } from "@truechimer/api";
import type { ReactNode } from "react";
import { offsetOf } from "../api/message.ts";
import { formatCount, formatShare } from "../format/number.ts";
import { formatSpan } from "../format/offset.ts";
import { Nothing, OffsetColumns } from "../parts/values.tsx";
import { paths } from "../url/paths.ts";
import { lossOf } from "./heat-grid.ts";

export interface PairRow {
  readonly serverId: bigint;
  readonly serverName: string;
  readonly monitorId: bigint;
  readonly monitorName: string;
  readonly figures?: analyticsV1.CheckFigures | undefined;
}

export function PairTable(props: {
  readonly rows: readonly PairRow[];
  /** The range as the server's page takes it: "range=24h". */
  readonly search: string;
}): ReactNode {
  return (
    <div className="table-scroll">
      <table className="table is-compact pair-table">
        <thead>
          <tr>
            <th scope="col">Server</th>
            <th scope="col">Monitor</th>
            <th
              scope="col"
              className="is-number"
              title="Median of the successful checks, with the median of their bounds"
            >
              Offset
            </th>
            <th
              scope="col"
              className="is-number is-minor"
              title="Median of the offsets without their signs"
            >
              Size
            </th>
            <th scope="col" className="is-number is-minor">
              Round trip
            </th>
            <th scope="col" className="is-number is-minor">
              Loss
            </th>
            <th scope="col" className="is-number is-minor">
              Failed
            </th>
            <th scope="col" className="is-number is-minor">
              Checks
            </th>
          </tr>
        </thead>
        <tbody>
          {props.rows.map((row) => (
            <PairCells key={`${row.serverId} ${row.monitorId}`} row={row} search={props.search} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function PairCells(props: { readonly row: PairRow; readonly search: string }): ReactNode {
  const { serverId, serverName, monitorId, monitorName, figures } = props.row;
  const loss = figures === undefined ? undefined : lossOf(figures);
  return (
    <tr>
      <th scope="row">
        <a href={paths.server(serverId, `?monitor=${monitorId}${props.search}`)}>{serverName}</a>
      </th>
      <td>{monitorName}</td>
      <td className="is-number">
        <OffsetColumns offset={offsetOf(figures?.offset)} />
      </td>
      <td className="is-number is-minor">
        {figures?.absOffsetNs === undefined ? (
          <Nothing why="no offset measured" />
        ) : (
          formatSpan(figures.absOffsetNs)
        )}
      </td>
      <td className="is-number is-minor">
        {figures?.rttNs === undefined ? <Nothing why="no answer" /> : formatSpan(figures.rttNs)}
      </td>
      <td className="is-number is-minor">
        {loss === undefined ? <Nothing why="nothing was sent" /> : formatShare(loss)}
      </td>
      <td className="is-number is-minor">{formatCount(figures?.failed ?? 0n)}</td>
      <td className="is-number is-minor">{formatCount(figures?.checks ?? 0n)}</td>
    </tr>
  );
}
