// The lines of a comparison in numbers: over the range, and in the bucket under the crosshair. It is the key to the colours.

import type { ReactNode } from "react";
import { offsetOf } from "../api/message.ts";
import { formatCount, formatShare } from "../format/number.ts";
import { formatOffset, formatSpan } from "../format/offset.ts";
import { Nothing } from "../parts/values.tsx";
import { bucketAt, type ComparedLine, middleOf } from "./compare-model.ts";
import { lossOf } from "./heat-grid.ts";

export function CompareTable(props: {
  /** As measured. */
  readonly lines: readonly ComparedLine[];
  /** As drawn: the same, or differences. */
  readonly shown: readonly ComparedLine[];
  readonly isDifference: boolean;
  readonly bucketMs: number;
  readonly cursorMs: number | undefined;
  /** The same in words, for the heading of its column. */
  readonly cursorText: string;
  readonly hrefOf: (line: ComparedLine) => string | undefined;
  readonly onRemove: (id: bigint) => void;
}): ReactNode {
  const { lines, shown, isDifference, bucketMs, cursorMs } = props;
  return (
    <div className="table-scroll">
      <table className="table is-compact compare-table">
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th
              scope="col"
              className="is-number"
              title="Over the range, with the median of the bounds"
            >
              {isDifference ? "Median difference" : "Median offset"}
            </th>
            <th scope="col" className="is-number">
              {cursorMs === undefined ? "At the crosshair" : props.cursorText}
            </th>
            <th scope="col" className="is-number is-minor">
              Least to greatest
            </th>
            <th scope="col" className="is-number is-minor">
              Round trip
            </th>
            <th scope="col" className="is-number is-minor">
              Loss
            </th>
            <th scope="col" className="is-number is-minor">
              Checks
            </th>
            <th scope="col">
              <span className="visually-hidden">Remove</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {lines.map((line, at) => (
            <Row
              key={line.id.toString()}
              line={line}
              drawn={shown[at] ?? line}
              at={at}
              isDifference={isDifference}
              bucket={cursorMs === undefined ? -1 : bucketAt(line, cursorMs, bucketMs)}
              href={props.hrefOf(line)}
              onRemove={() => props.onRemove(line.id)}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row(props: {
  readonly line: ComparedLine;
  readonly drawn: ComparedLine;
  readonly at: number;
  readonly isDifference: boolean;
  readonly bucket: number;
  readonly href: string | undefined;
  readonly onRemove: () => void;
}): ReactNode {
  const { line, drawn, at, isDifference, bucket } = props;
  const { overall } = line;
  const median = offsetOf(overall?.offset);
  const loss = overall === undefined ? undefined : lossOf(overall);
  return (
    <tr>
      <th scope="row">
        <span className={`swatch is-line-${at + 1}`} />
        {props.href === undefined ? line.name : <a href={props.href}>{line.name}</a>}
      </th>
      <td className="is-number">
        {isDifference ? (
          <Measured ns={middleOf(drawn.offsetNs)} boundNs={middleOf(drawn.boundNs)} />
        ) : (
          <Measured
            ns={Number(median?.valueNs ?? Number.NaN)}
            boundNs={Number(median?.boundNs ?? Number.NaN)}
          />
        )}
      </td>
      <td className="is-number">
        <Measured
          ns={drawn.offsetNs[bucket] ?? Number.NaN}
          boundNs={drawn.boundNs[bucket] ?? Number.NaN}
        />
      </td>
      <td className="is-number is-minor">
        {overall?.leastOffsetNs === undefined || overall.greatestOffsetNs === undefined ? (
          <Nothing why="no offset measured" />
        ) : (
          `${formatOffset(overall.leastOffsetNs).text} … ${formatOffset(overall.greatestOffsetNs).text}`
        )}
      </td>
      <td className="is-number is-minor">
        {overall?.rttNs === undefined ? <Nothing why="no answer" /> : formatSpan(overall.rttNs)}
      </td>
      <td className="is-number is-minor">
        {loss === undefined ? <Nothing why="nothing was sent" /> : formatShare(loss)}
      </td>
      <td className="is-number is-minor">{formatCount(overall?.checks ?? 0n)}</td>
      <td>
        <button
          type="button"
          className="button is-plain is-small"
          aria-label={`Leave out ${line.name}`}
          title="Leave out"
          onClick={props.onRemove}
        >
          ×
        </button>
      </td>
    </tr>
  );
}

function Measured(props: { readonly ns: number; readonly boundNs: number }): ReactNode {
  if (Number.isNaN(props.ns)) return <Nothing why="no offset" />;
  const bound = Number.isNaN(props.boundNs) ? undefined : props.boundNs;
  const text = formatOffset(props.ns, bound);
  return <span title={text.exact}>{text.text}</span>;
}
