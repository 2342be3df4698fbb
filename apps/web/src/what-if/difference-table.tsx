// The servers that would differ, those with another verdict for longest first; one can be opened.

import type { rulesV1 } from "@truechimer/api";
import type { ReactNode } from "react";
import { msOf, nsOf } from "../api/message.ts";
import { formatLong } from "../format/relative-time.ts";
import { formatScore } from "../format/score.ts";
import { Instant, Nothing } from "../parts/values.tsx";
import { VerdictWord } from "../parts/verdict.tsx";
import { verdictName } from "../parts/words.ts";
import { paths } from "../url/paths.ts";
import { scoreChangeText } from "./what-if-words.ts";

export function DifferenceTable(props: {
  readonly differences: readonly rulesV1.ServerDifference[];
  readonly opened: bigint | undefined;
  readonly onOpen: (serverId: bigint) => void;
}): ReactNode {
  return (
    <div className="table-scroll">
      <table className="table is-compact differences-table">
        <thead>
          <tr>
            <th scope="col">Server</th>
            <th scope="col">Verdict</th>
            <th scope="col">Would be</th>
            <th scope="col" className="is-number">
              Other for
            </th>
            <th scope="col" className="is-minor">
              First
            </th>
            <th scope="col" className="is-number is-minor">
              Score
            </th>
            <th scope="col" className="is-number is-minor">
              Would be
            </th>
            <th scope="col" className="is-number is-minor">
              At most
            </th>
            <th scope="col" className="is-minor">
              Why
            </th>
            <th scope="col">
              <span className="visually-hidden">Over time</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {props.differences.map((row) => (
            <Row key={row.serverId.toString()} row={row} {...props} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row(props: {
  readonly row: rulesV1.ServerDifference;
  readonly opened: bigint | undefined;
  readonly onOpen: (serverId: bigint) => void;
}): ReactNode {
  const { row, opened, onOpen } = props;
  const differsMs = Number(nsOf(row.verdictDiffers) ?? 0n) / 1e6;
  const firstMs = msOf(row.firstAt);
  return (
    <tr className={row.serverId === opened ? "is-chosen" : undefined}>
      <th scope="row">
        <a href={paths.server(row.serverId)}>{row.serverName}</a>
      </th>
      <td>
        <VerdictWord verdict={verdictName(row.verdict)} />
      </td>
      <td>
        <VerdictWord verdict={verdictName(row.verdictTried)} />
      </td>
      <td className="is-number">
        {differsMs === 0 ? <Nothing why="the verdicts agree" /> : formatLong(differsMs)}
      </td>
      <td className="is-minor">
        {firstMs === undefined ? <Nothing why="never" /> : <Instant atMs={firstMs} />}
      </td>
      <td className="is-number is-minor">
        {row.score === undefined ? <Nothing why="no score" /> : formatScore(row.score)}
      </td>
      <td className="is-number is-minor">
        {row.scoreTried === undefined ? <Nothing why="no score" /> : formatScore(row.scoreTried)}
      </td>
      <td className="is-number is-minor">
        {scoreChangeText(row.scoreDifference) ?? <Nothing why="the scores agree" />}
      </td>
      <td className="is-minor">{row.textTried === "" ? row.why : row.textTried}</td>
      <td>
        <button
          type="button"
          className="button is-small"
          aria-pressed={row.serverId === opened}
          onClick={() => onOpen(row.serverId)}
        >
          Over time<span className="visually-hidden"> {row.serverName}</span>
        </button>
      </td>
    </tr>
  );
}
