// The table beside the charts: each monitor's line in numbers, and the key to the colours.

import type { ReactNode } from "react";
import { formatShare } from "../format/number.ts";
import { formatOffset } from "../format/offset.ts";
import { formatScore } from "../format/score.ts";
import { Nothing } from "../parts/values.tsx";
import type { LineSummary } from "./summary.ts";

interface LegendTableProps {
  readonly rows: readonly LineSummary[];
  readonly chosen: string | undefined;
  readonly emphasis: string | undefined;
  readonly onPoint: (key: string | undefined) => void;
  readonly onChoose: (key: string | undefined) => void;
}

export function LegendTable(props: LegendTableProps): ReactNode {
  return (
    <div className="table-scroll">
      <table className="table is-compact legend" onPointerLeave={() => props.onPoint(undefined)}>
        <caption className="visually-hidden">
          The charts in numbers, by monitor, for the range that is shown
        </caption>
        <thead>
          <tr>
            <th scope="col">Monitor</th>
            <th scope="col" className="is-number">
              Median offset
            </th>
            <th scope="col" className="is-number is-minor">
              Least to greatest
            </th>
            <th scope="col" className="is-number is-minor">
              Failed
            </th>
            <th scope="col" className="is-number">
              Score
            </th>
          </tr>
        </thead>
        <tbody>
          {props.rows.map((row, index) => (
            <LegendRow key={row.key} {...props} row={row} index={index} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function LegendRow(
  props: LegendTableProps & { readonly row: LineSummary; readonly index: number },
): ReactNode {
  const { row, index } = props;
  const chosen = props.chosen === row.key;
  const known = !Number.isNaN(row.medianNs);
  const bound = Number.isNaN(row.boundNs) ? undefined : row.boundNs;
  return (
    <tr
      className={props.emphasis === row.key ? "is-chosen" : ""}
      onPointerEnter={() => props.onPoint(row.key)}
    >
      <th scope="row">
        <button
          type="button"
          className="legend-name"
          aria-pressed={chosen}
          title={chosen ? "Show all alike again" : "Bring this line forward, and list its checks"}
          onClick={() => props.onChoose(chosen ? undefined : row.key)}
          onFocus={() => props.onPoint(row.key)}
          onBlur={() => props.onPoint(undefined)}
        >
          <span className={`swatch is-line-${index + 1}`} />
          {row.name}
        </button>
      </th>
      <td className="is-number">
        {known ? formatOffset(row.medianNs, bound).text : <Nothing why="no offset" />}
      </td>
      <td className="is-number is-minor">
        {known ? (
          `${formatOffset(row.lowestNs).text} … ${formatOffset(row.highestNs).text}`
        ) : (
          <Nothing why="no offset" />
        )}
      </td>
      <td className="is-number is-minor">
        {row.checks === 0 ? <Nothing why="no checks" /> : formatShare(row.failed / row.checks)}
      </td>
      <td className="is-number">
        {Number.isNaN(row.scoreLast) ? <Nothing why="no score" /> : formatScore(row.scoreLast)}
      </td>
    </tr>
  );
}
