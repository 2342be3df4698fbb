// What the agent watches: its view of each server against the others' median, drawn on the offset axis' scale, one strip
// a row, so that agreement is seen down the column.

import { useQuery } from "@tanstack/react-query";
import type { adminV1 } from "@truechimer/api";
import { type ReactNode, useMemo, useState } from "react";
import type { AgentFamily } from "../agents/agent-facts.ts";
import { msOf, offsetOf } from "../api/message.ts";
import { serversQuery } from "../api/queries.ts";
import { formatOffset, formatSpan } from "../format/offset.ts";
import { formatScore } from "../format/score.ts";
import { useHeldOrder } from "../parts/held.ts";
import { Nothing, OffsetColumns, TimeAgo } from "../parts/values.tsx";
import { VerdictShape } from "../parts/verdict.tsx";
import {
  assignmentWord,
  reasonWords,
  TERMS,
  verdictDefinition,
  verdictName,
} from "../parts/words.ts";
import { paths } from "../url/paths.ts";
import { DifferenceStrip } from "./difference-strip.tsx";
import {
  differenceBoundNs,
  type FleetBounds,
  isWithinBound,
  watchedRows,
  watchedSummary,
} from "./watched-rows.ts";

interface WatchedServersProps {
  readonly assignments: readonly adminV1.AgentAssignment[];
  readonly families: readonly AgentFamily[];
}

/** Rows that are drawn at first. */
const ROWS_FIRST = 100;
const FLEET_POLL_MS = 15_000;

export function WatchedServers(props: WatchedServersProps): ReactNode {
  const [pointerInside, setPointerInside] = useState(false);
  const [rowsMax, setRowsMax] = useState(ROWS_FIRST);
  const fleet = useFleetBounds();
  const rows = useHeldOrder(watchedRows(props.assignments), keyOf, pointerInside);
  if (rows.length === 0) {
    return (
      <p className="soft">
        Nothing yet. Work follows with the next round, for families that are active or testing.
      </p>
    );
  }
  return (
    <>
      <p className="page-sentence">{watchedSummary(rows, fleet)}</p>
      <div
        className="table-scroll"
        onPointerEnter={() => setPointerInside(true)}
        onPointerLeave={() => setPointerInside(false)}
      >
        <table className="table is-compact watched">
          <thead>
            <tr>
              <th scope="col">Server</th>
              <th scope="col" className="is-minor">
                As
              </th>
              <th scope="col" className="is-strip is-minor" title={TERMS.fromOthers}>
                Against the others
              </th>
              <th scope="col" className="is-number" title={TERMS.fromOthers}>
                Difference
              </th>
              <th scope="col" className="is-number is-minor" title={TERMS.offset}>
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
            {rows.slice(0, rowsMax).map((row) => (
              <WatchedRow
                key={keyOf(row)}
                row={row}
                fleet={fleet}
                family={props.families.find(({ id }) => id === row.assignment?.monitorId)?.family}
              />
            ))}
          </tbody>
        </table>
      </div>
      {rows.length > rowsMax ? (
        <p>
          <button type="button" className="button" onClick={() => setRowsMax(rowsMax * 5)}>
            Show {Math.min(rows.length, rowsMax * 5) - rowsMax} more of {rows.length}
          </button>
        </p>
      ) : null}
    </>
  );
}

/** How sure the fleet is of each server; it changes slowly. */
function useFleetBounds(): FleetBounds {
  const servers = useQuery({ ...serversQuery(false), refetchInterval: FLEET_POLL_MS });
  return useMemo(
    () => new Map(servers.data?.servers.map(({ id, offset }) => [id, offset?.boundNs])),
    [servers.data],
  );
}

function keyOf({ serverId, assignment }: adminV1.AgentAssignment): string {
  return `${serverId} ${assignment?.monitorId ?? ""}`;
}

function WatchedRow(props: {
  readonly row: adminV1.AgentAssignment;
  readonly fleet: FleetBounds;
  readonly family: string | undefined;
}): ReactNode {
  const { row, fleet } = props;
  const { assignment } = row;
  const boundNs = differenceBoundNs(row, fleet);
  const verdict = verdictName(row.verdict);
  const reason = assignment?.reason ?? "";
  return (
    <tr className={assignment?.fresh === true ? "" : "is-stale"}>
      <th scope="row">
        <span className="verdict" title={`${verdict}: ${verdictDefinition(verdict)}`}>
          <VerdictShape verdict={verdict} />
          <a href={paths.server(row.serverId)}>{row.serverName}</a>
          <span className="visually-hidden">, {verdict}</span>
        </span>
        {assignment?.fresh === true ? null : <span className="stale-word">stale</span>}
      </th>
      <td className="is-minor">
        {assignment === undefined ? <Nothing /> : assignmentWord(assignment.status)}
        {props.family === undefined ? null : <span className="soft"> {props.family}</span>}
      </td>
      <td className="is-strip is-minor">
        <DifferenceStrip
          differenceNs={row.offsetFromOthersNs}
          boundNs={boundNs}
          apart={isWithinBound(row, fleet) === false}
        />
      </td>
      <td className="is-number">
        {row.offsetFromOthersNs === undefined ? (
          <Nothing why={reason === "" ? "nobody else sees it" : reasonWords(reason)} />
        ) : (
          <Difference
            boundNs={boundNs}
            within={isWithinBound(row, fleet)}
            differenceNs={row.offsetFromOthersNs}
          />
        )}
      </td>
      <td className="is-number is-minor">
        {reason === "" ? (
          <OffsetColumns offset={offsetOf(assignment?.offset)} />
        ) : (
          <span className="bad">{reasonWords(reason)}</span>
        )}
      </td>
      <td className="is-number is-minor">
        {assignment?.rttNs === undefined ? (
          <Nothing why="no answer" />
        ) : (
          formatSpan(assignment.rttNs)
        )}
      </td>
      <td className="is-number">
        <span className="score">
          {assignment?.score === undefined ? (
            <Nothing why="not scored" />
          ) : assignment.lastCheckId === undefined ? (
            formatScore(assignment.score)
          ) : (
            <a
              href={paths.check(assignment.lastCheckId)}
              title="The last check, down to the packet"
            >
              {formatScore(assignment.score)}
            </a>
          )}{" "}
          <span className="score-age">
            <TimeAgo atMs={msOf(assignment?.lastCheckAt)} bare />
          </span>
        </span>
      </td>
    </tr>
  );
}

function Difference(props: {
  readonly differenceNs: bigint;
  readonly boundNs: bigint | undefined;
  readonly within: boolean | undefined;
}): ReactNode {
  const { differenceNs, boundNs, within } = props;
  const text = formatOffset(differenceNs, boundNs);
  const meaning =
    within === undefined
      ? "its bound is unknown"
      : within
        ? "within the bounds: it agrees with the others"
        : "beyond the bounds: its clock, its path or the others' are off";
  return (
    <span className={within === false ? "bad" : ""} title={`${text.text}, ${meaning}`}>
      {text.value} {text.unit}
    </span>
  );
}
