// A row for each name: the picture, the differences, and both families in numbers.

import type { analyticsV1 } from "@truechimer/api";
import type { ReactNode } from "react";
import { offsetOf } from "../api/message.ts";
import { formatCount, formatShare } from "../format/number.ts";
import { formatOffset, formatSpan, type OffsetText } from "../format/offset.ts";
import { Nothing, OffsetColumns } from "../parts/values.tsx";
import { paths } from "../url/paths.ts";
import { familyName } from "./family-export.ts";
import { FamilyAxis, FamilyPicture, familyScale } from "./family-picture.tsx";
import { isCertain } from "./family-words.ts";
import { lossOf } from "./heat-grid.ts";

export function FamiliesTable(props: {
  readonly pairs: readonly analyticsV1.FamilyPair[];
}): ReactNode {
  const scale = familyScale(props.pairs);
  return (
    <div className="table-scroll">
      <table className="table is-compact families-table">
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col" className="is-picture">
              <span className="visually-hidden">Median offsets</span>
              <FamilyAxis scale={scale} />
            </th>
            <th scope="col" className="is-number">
              Difference
            </th>
            <th scope="col" className="is-number is-minor">
              IPv4
            </th>
            <th scope="col" className="is-number is-minor">
              IPv6
            </th>
            <th scope="col" className="is-number is-minor">
              Round trip
            </th>
            <th scope="col" className="is-number is-minor" title="Over IPv4 and over IPv6">
              Loss
            </th>
            <th
              scope="col"
              className="is-minor"
              title="Where the difference is two standard errors"
            >
              Loses less
            </th>
            <th scope="col" className="is-number is-minor" title="Over IPv4 and over IPv6">
              Checks
            </th>
          </tr>
        </thead>
        <tbody>
          {props.pairs.map((pair) => (
            <tr key={pair.serverName}>
              <th scope="row">
                <a href={paths.servers(`?q=${encodeURIComponent(`server="${pair.serverName}"`)}`)}>
                  {pair.serverName}
                </a>
              </th>
              <td className="is-picture">
                <FamilyPicture pair={pair} scale={scale} />
              </td>
              <td className={isCertain(pair.offset) ? "is-number is-certain" : "is-number"}>
                <Difference of={pair.offset} />
              </td>
              <td className="is-number is-minor">
                <OffsetColumns offset={offsetOf(pair.ipv4?.figures?.offset)} />
              </td>
              <td className="is-number is-minor">
                <OffsetColumns offset={offsetOf(pair.ipv6?.figures?.offset)} />
              </td>
              <td className="is-number is-minor">
                <span title={roundTripTitle(pair)}>
                  <Difference of={pair.rtt} />
                </span>
              </td>
              <td className="is-number is-minor">
                {lossText(pair.ipv4)} / {lossText(pair.ipv6)}
              </td>
              <td className="is-minor">
                {familyName(pair.betterInLoss) ?? <Nothing why="neither, beyond chance" />}
              </td>
              <td className="is-number is-minor">
                {checksText(pair.ipv4)} / {checksText(pair.ipv6)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Difference(props: { readonly of: analyticsV1.FamilyDifference | undefined }): ReactNode {
  if (props.of === undefined) return <Nothing why="nothing measured over one of the families" />;
  const { difference, standardError } = props.of;
  const { text }: OffsetText = formatOffset(difference, standardError);
  return standardError === undefined ? (
    <span title="Too few checks to say how certain it is">{text}</span>
  ) : (
    text
  );
}

function roundTripTitle({ ipv4, ipv6 }: analyticsV1.FamilyPair): string {
  const [one, other] = [ipv4, ipv6].map((side) =>
    side?.figures?.rttNs === undefined ? "no answer" : formatSpan(side.figures.rttNs),
  );
  return `IPv4 ${one}, IPv6 ${other}`;
}

function lossText(side: analyticsV1.FamilySide | undefined): string {
  const loss = side?.figures === undefined ? undefined : lossOf(side.figures);
  return loss === undefined ? "–" : formatShare(loss);
}

function checksText(side: analyticsV1.FamilySide | undefined): string {
  return formatCount(side?.figures?.checks ?? 0n);
}
