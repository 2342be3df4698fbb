// The scorers: how far each is behind, and which process has which part of their work.

import type { adminV1 } from "@truechimer/api";
import type { ReactNode } from "react";
import { nsOf } from "../api/message.ts";
import { formatCount } from "../format/number.ts";
import { formatSpan } from "../format/offset.ts";
import { Nothing } from "../parts/values.tsx";

export function Scorers(props: { readonly system: adminV1.GetSystemResponse }): ReactNode {
  const { scorers, scorerShards, serversSetAside } = props.system;
  if (scorers.length === 0 && scorerShards.length === 0) return null;
  return (
    <section aria-labelledby="scorers-title">
      <h2 id="scorers-title">Scorers</h2>
      <div className="table-scroll">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">Scorer</th>
              <th scope="col">State</th>
              <th scope="col" className="is-number">
                Waiting
              </th>
              <th scope="col" className="is-number">
                Lag
              </th>
            </tr>
          </thead>
          <tbody>
            {scorers.map((scorer) => (
              <ScorerRow key={scorer.name} scorer={scorer} />
            ))}
          </tbody>
        </table>
      </div>
      {serversSetAside > 0 && <p className="bad">{asideText(serversSetAside)}</p>}
      <p className="soft">Their work is cut by server into {scorerShards.length} parts:</p>
      <div className="table-scroll">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">Process</th>
              <th scope="col">Parts</th>
              <th scope="col" className="is-number is-minor">
                Waiting
              </th>
              <th scope="col" className="is-number">
                Oldest
              </th>
            </tr>
          </thead>
          <tbody>
            {sharesOf(props.system).map((share) => (
              <ShareRow key={share.who} share={share} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function asideText(servers: number): string {
  return servers === 1
    ? "1 server could not be scored: its results wait for another try."
    : `${formatCount(servers)} servers could not be scored: their results wait for another try.`;
}

function ScorerRow({ scorer }: { readonly scorer: adminV1.Scorer }): ReactNode {
  return (
    <tr>
      <th scope="row">{scorer.name}</th>
      <td>{scorer.active ? "active" : <span className="soft">paused</span>}</td>
      <td className="is-number">{formatCount(scorer.resultsWaiting)}</td>
      <td className="is-number">
        <Lag ns={scorer.resultsWaiting === 0n ? 0n : nsOf(scorer.lag)} />
      </td>
    </tr>
  );
}

/** What one process has of the work, or nobody. */
interface Share {
  readonly who: string;
  readonly isFree: boolean;
  readonly parts: readonly number[];
  readonly waiting: bigint;
  readonly oldestNs: bigint;
}

function sharesOf({ scorerShards, replicas }: adminV1.GetSystemResponse): readonly Share[] {
  const names = new Map(replicas.map(({ id, host, processId }) => [id, `${host} ${processId}`]));
  return [...Map.groupBy(scorerShards, ({ replicaId }) => replicaId)].map(([id, shards]) => ({
    who: id === "" ? "none" : (names.get(id) ?? id),
    isFree: id === "",
    parts: shards.map(({ shard }) => shard),
    waiting: shards.reduce((sum, { resultsWaiting }) => sum + resultsWaiting, 0n),
    oldestNs: shards.reduce((most, { lag }) => {
      const lagNs = nsOf(lag) ?? 0n;
      return lagNs > most ? lagNs : most;
    }, 0n),
  }));
}

function ShareRow({ share }: { readonly share: Share }): ReactNode {
  return (
    <tr>
      <th scope="row">
        {share.isFree ? <span className="bad">no process has them</span> : share.who}
      </th>
      <td>{rangesText(share.parts)}</td>
      <td className="is-number is-minor">{formatCount(share.waiting)}</td>
      <td className="is-number">
        <Lag ns={share.oldestNs} />
      </td>
    </tr>
  );
}

function Lag(props: { readonly ns: bigint | undefined }): ReactNode {
  return props.ns === undefined || props.ns === 0n ? (
    <Nothing why="none waits" />
  ) : (
    formatSpan(props.ns)
  );
}

/** "0–3, 7". */
function rangesText(parts: readonly number[]): string {
  const ranges: string[] = [];
  let first = parts[0];
  for (const [index, part] of parts.entries()) {
    const next = parts[index + 1];
    if (next === part + 1) continue;
    ranges.push(first === part ? String(part) : `${first}–${part}`);
    first = next;
  }
  return ranges.join(", ");
}
