// The paths as lanes beside their hops, from the monitors down to the server. Pointing at a row shows whose paths lead
// through it.

import type { adminV1 } from "@truechimer/api";
import { type ReactNode, useMemo, useState } from "react";
import { networkText } from "../format/network.ts";
import { formatSpan } from "../format/offset.ts";
import type { ServerFacts } from "../parts/server-facts.ts";
import { Nothing } from "../parts/values.tsx";
import { reasonWords } from "../parts/words.ts";
import { lanesOf, layOutPaths, type PathRow } from "./path-lanes.ts";
import { buildPathTree, type PathNode, pathSentence } from "./path-tree.ts";
import { TracerouteTable } from "./traceroute-table.tsx";

const LANE_WIDTH = 16;
const ROW_HEIGHT = 28;
/** Lines reach beyond their row, over the hairline between two rows. */
const OVER = 1;
const RADIUS = 4;
/** Names that are written out in a row. */
const NAMES_SHOWN = 2;

interface TraceroutePictureProps {
  readonly answers: readonly adminV1.CheckNowAnswer[];
  readonly server: ServerFacts;
}

export function TraceroutePicture(props: TraceroutePictureProps): ReactNode {
  const { answers, server } = props;
  const address = server.address;
  const tree = useMemo(() => buildPathTree(answers, address), [answers, address]);
  const rows = useMemo(() => layOutPaths(tree.root), [tree]);
  const [pointed, setPointed] = useState<PathNode>();
  const lanes = lanesOf(rows);
  return (
    <>
      <p className="page-sentence">{pathSentence(tree)}</p>
      {tree.paths === 0 ? null : (
        <div className="table-scroll" tabIndex={0} role="group" aria-label="Paths to the server">
          <table className="table is-compact trace" onPointerLeave={() => setPointed(undefined)}>
            <thead>
              <tr>
                <th scope="col" className="is-lanes">
                  <span className="visually-hidden">Paths</span>
                </th>
                <th scope="col">From the monitors down to the server</th>
                <th
                  scope="col"
                  className="is-number is-minor"
                  title="How many hops it is from the monitors."
                >
                  Hop
                </th>
                <th
                  scope="col"
                  className="is-number"
                  title="The shortest round trip to it, as each monitor measured it."
                >
                  Round trip
                </th>
                <th scope="col" className="is-minor">
                  Paths of
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <TraceRow
                  key={row.key}
                  row={row}
                  lanes={lanes}
                  serverName={server.name}
                  on={pointed?.monitors.some((name) => row.node.monitors.includes(name)) === true}
                  onPoint={() => setPointed(row.node)}
                />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {tree.without.length === 0 ? null : (
        <p className="soft">
          Without a path:{" "}
          {tree.without
            .map(({ monitorName, reason }) =>
              reason === "" ? monitorName : `${monitorName} (${reasonWords(reason)})`,
            )
            .join(", ")}
        </p>
      )}
      <TracerouteTable answers={answers} />
    </>
  );
}

interface TraceRowProps {
  readonly row: PathRow;
  readonly lanes: number;
  readonly serverName: string;
  readonly on: boolean;
  readonly onPoint: () => void;
}

function TraceRow(props: TraceRowProps): ReactNode {
  const { row } = props;
  const { node } = row;
  return (
    <tr className={`is-${node.kind}${props.on ? " is-on" : ""}`} onPointerEnter={props.onPoint}>
      <td className="is-lanes">
        <Lanes row={row} lanes={props.lanes} />
      </td>
      <th scope="row">
        <NodeText node={node} serverName={props.serverName} />
        {row.meets > 1 ? <span className="meets"> {row.meets} ways meet here</span> : null}
      </th>
      <td className="is-number is-minor">{rangeText([...node.hopLimits].map(String))}</td>
      <td className="is-number">{rttText(node)}</td>
      <td className="is-minor" title={node.monitors.join(", ")}>
        {node.kind === "monitor" ? null : namesText(node.monitors)}
      </td>
    </tr>
  );
}

function NodeText(props: { readonly node: PathNode; readonly serverName: string }): ReactNode {
  const { node } = props;
  if (node.kind === "server") {
    return (
      <>
        <strong>{props.serverName}</strong> <span className="soft number">{node.text}</span>
      </>
    );
  }
  if (node.kind === "monitor") return <strong>{node.text}</strong>;
  if (node.kind === "silent")
    return (
      <span className="soft">
        {node.count === 1 ? "a silent hop" : `${node.count} silent hops`}
      </span>
    );
  if (node.kind === "stopped") return <span className="bad">nothing answered beyond</span>;
  return (
    <span className="number" title={[node.text, ...node.others].join(", ")}>
      {node.text}
      {node.others.size === 0 ? null : <span className="soft"> or {node.others.size} more</span>}
      {node.network === undefined ? null : (
        <span className="soft trace-network" title={networkText(node.network)}>
          {" "}
          AS{node.network.number}
          <span className="trace-network-name"> {node.network.name}</span>
        </span>
      )}
    </span>
  );
}

function namesText(names: readonly string[]): string {
  const rest = names.length - NAMES_SHOWN;
  return names.slice(0, NAMES_SHOWN).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}

function rangeText(values: readonly string[]): string {
  const sorted = values.toSorted((one, other) => Number(one) - Number(other));
  const [first, last] = [sorted[0], sorted.at(-1)];
  if (first === undefined || last === undefined) return "";
  return first === last ? first : `${first}–${last}`;
}

function rttText(node: PathNode): ReactNode {
  if (node.kind === "monitor" || node.kind === "stopped") return null;
  if (node.rttsNs.length === 0) return <Nothing why="no answer" />;
  const sorted = node.rttsNs.toSorted((one, other) => Number(one - other));
  const [least, most] = [sorted[0] ?? 0n, sorted.at(-1) ?? 0n];
  const [from, to] = [formatSpan(least), formatSpan(most)];
  if (from === to) return from;
  return (
    <>
      {from}
      <span className="rtt-most"> – {to}</span>
    </>
  );
}

/** The lines of one row. Wider ones stand for more paths. */
function Lanes(props: { readonly row: PathRow; readonly lanes: number }): ReactNode {
  const { row, lanes } = props;
  const { node } = row;
  const middle = ROW_HEIGHT / 2;
  const x = centre(row.lane);
  const own = strokeWidth(node.monitors.length);
  const lost = node.kind === "stopped" || node.kind === "silent";
  return (
    <svg width={lanes * LANE_WIDTH} height={ROW_HEIGHT} aria-hidden="true">
      {row.passing.map(({ lane, paths }) => (
        <path
          key={lane}
          className="trace-line is-passing"
          strokeWidth={strokeWidth(paths)}
          d={`M${centre(lane)} ${-OVER}V${ROW_HEIGHT + OVER}`}
        />
      ))}
      {row.continues ? (
        <path className="trace-line" strokeWidth={own} d={`M${x} ${-OVER}V${middle}`} />
      ) : null}
      {row.into === undefined ? null : (
        <path
          className={lost ? "trace-line is-lost" : "trace-line"}
          strokeWidth={own}
          d={
            row.into === row.lane
              ? `M${x} ${middle}V${ROW_HEIGHT + OVER}`
              : `M${x} ${middle}C${x} ${ROW_HEIGHT} ${centre(row.into)} ${middle} ${centre(row.into)} ${ROW_HEIGHT}`
          }
        />
      )}
      <NodeMark kind={node.kind} x={x} y={middle} />
    </svg>
  );
}

function NodeMark(props: {
  readonly kind: PathNode["kind"];
  readonly x: number;
  readonly y: number;
}): ReactNode {
  const { kind, x, y } = props;
  if (kind === "stopped")
    return <path className="trace-cross" d={`M${x - 4} ${y - 4}l8 8m0 -8l-8 8`} />;
  if (kind === "monitor" || kind === "server")
    return <path className="trace-end" d={`M${x - 5} ${y - 5}h10v10h-10z`} />;
  return (
    <circle
      className={kind === "silent" ? "trace-hop is-silent" : "trace-hop"}
      cx={x}
      cy={y}
      r={RADIUS}
    />
  );
}

function centre(lane: number): number {
  return (lane + 0.5) * LANE_WIDTH;
}

function strokeWidth(paths: number): number {
  return Math.min(6, 1 + Math.log2(Math.max(1, paths)) * 1.25);
}
