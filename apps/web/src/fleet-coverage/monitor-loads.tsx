// What each monitor carries: servers that it is active or testing for as a bar, and the checks of the last hour.

import type { adminV1 } from "@truechimer/api";
import { type ReactNode, useState } from "react";
import { formatCount } from "../format/number.ts";
import { monitorStatusName } from "../parts/words.ts";

const ROWS_SHOWN = 50;
const BAR_WIDTH = 160;

export function MonitorLoads(props: { readonly monitors: readonly adminV1.Monitor[] }): ReactNode {
  const [all, setAll] = useState(false);
  const rows = props.monitors.toSorted(
    (one, other) =>
      other.serversActive - one.serversActive ||
      other.serversTesting - one.serversTesting ||
      one.name.localeCompare(other.name, "en", { numeric: true }),
  );
  if (rows.length === 0) return null;
  const greatest = Math.max(1, ...rows.map((row) => row.serversActive + row.serversTesting));
  return (
    <section aria-labelledby="loads-title">
      <h2 id="loads-title">Load by monitor</h2>
      <div className="table-scroll">
        <table className="table is-compact monitor-loads">
          <thead>
            <tr>
              <th scope="col">Monitor</th>
              <th scope="col" className="is-minor">
                Status
              </th>
              <th scope="col" className="is-number">
                Active
              </th>
              <th scope="col" className="is-number">
                Testing
              </th>
              <th scope="col" className="is-minor">
                <span className="visually-hidden">Load</span>
              </th>
              <th scope="col" className="is-number">
                Checks last hour
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, all ? rows.length : ROWS_SHOWN).map((row) => (
              <LoadRow key={row.id.toString()} row={row} perPixel={greatest / BAR_WIDTH} />
            ))}
          </tbody>
        </table>
      </div>
      {all || rows.length <= ROWS_SHOWN ? null : (
        <p className="button-row">
          <button type="button" className="button" onClick={() => setAll(true)}>
            Show all {formatCount(rows.length)}
          </button>
        </p>
      )}
    </section>
  );
}

function LoadRow(props: { readonly row: adminV1.Monitor; readonly perPixel: number }): ReactNode {
  const { row, perPixel } = props;
  const bar = (servers: number): { inlineSize: string } => ({
    inlineSize: `${servers / perPixel}px`,
  });
  return (
    <tr>
      <th scope="row">
        {row.name}
        {row.lab ? <span className="soft"> lab</span> : null}
      </th>
      <td className="is-minor">{monitorStatusName(row.status)}</td>
      <td className="is-number">{formatCount(row.serversActive)}</td>
      <td className="is-number">{formatCount(row.serversTesting)}</td>
      <td className="is-minor">
        <span className="load-bars" aria-hidden="true">
          <span className="load-bar" style={bar(row.serversActive)} />
          <span className="load-bar is-testing" style={bar(row.serversTesting)} />
        </span>
      </td>
      <td className="is-number">{formatCount(row.checksLastHour)}</td>
    </tr>
  );
}
