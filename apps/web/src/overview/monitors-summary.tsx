// The monitors in a few lines: how many are online, and those that are not or that stand apart.

import type { adminV1 } from "@truechimer/api";
import type { ReactNode } from "react";
import { msOf } from "../api/message.ts";
import { countOf, formatShare } from "../format/number.ts";
import { formatOffset } from "../format/offset.ts";
import { Command } from "../parts/states.tsx";
import { TimeAgo } from "../parts/values.tsx";

const SHOWN_MAX = 6;

export function MonitorsSummary(props: {
  readonly monitors: readonly adminV1.Monitor[];
}): ReactNode {
  const { monitors } = props;
  if (monitors.length === 0) {
    return (
      <p>
        None yet: nobody is watching. <Command text="truechimer agent --help" /> tells how to start
        one.
      </p>
    );
  }
  const online = monitors.filter((monitor) => monitor.online).length;
  const checks = monitors.reduce((sum, monitor) => sum + monitor.checksLastHour, 0n);
  const failed = monitors.reduce((sum, monitor) => sum + monitor.checksWithoutAnswerLastHour, 0n);
  return (
    <>
      <p>
        <strong className="number">
          {online} of {monitors.length}
        </strong>{" "}
        online, {countOf(Number(checks), "check")} in the last hour
        {checks === 0n ? "" : `, ${formatShare(Number(failed) / Number(checks))} without an answer`}
        .
      </p>
      <table className="table is-compact">
        <thead>
          <tr>
            <th scope="col">Monitor</th>
            <th scope="col" className="is-number">
              From the fleet
            </th>
            <th scope="col" className="is-number">
              Seen
            </th>
          </tr>
        </thead>
        <tbody>
          {mostTelling(monitors).map((monitor) => (
            <tr key={monitor.id.toString()} className={monitor.online ? "" : "is-stale"}>
              <th scope="row">
                {monitor.name}
                {monitor.online ? null : <span className="soft"> offline</span>}
              </th>
              <td className="is-number">
                {monitor.offsetFromFleetNs === undefined
                  ? "–"
                  : formatOffset(monitor.offsetFromFleetNs).text}
              </td>
              <td className="is-number">
                <TimeAgo atMs={msOf(monitor.lastSeenAt)} bare />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

/** Offline ones first, then those farthest from the fleet. */
function mostTelling(monitors: readonly adminV1.Monitor[]): readonly adminV1.Monitor[] {
  const distance = (monitor: adminV1.Monitor): number =>
    Math.abs(Number(monitor.offsetFromFleetNs ?? 0n));
  return [...monitors]
    .toSorted(
      (one, other) => Number(one.online) - Number(other.online) || distance(other) - distance(one),
    )
    .slice(0, SHOWN_MAX);
}
