// Where results are kept beyond the retention, and how far each of those stores has come.

import type { adminV1 } from "@truechimer/api";
import type { ReactNode } from "react";
import { msOf, nsOf } from "../api/message.ts";
import { formatCount } from "../format/number.ts";
import { formatSpan } from "../format/offset.ts";
import { Breakable } from "../parts/breakable.tsx";
import { Nothing, TimeAgo } from "../parts/values.tsx";
import { paths } from "../url/paths.ts";
import { archiveNotes, errorCodeOf } from "./archive-words.ts";

export function Archives(props: { readonly archives: readonly adminV1.Archive[] }): ReactNode {
  if (props.archives.length === 0) return null;
  return (
    <section aria-labelledby="archives-title">
      <h2 id="archives-title">Archive</h2>
      <div className="table-scroll">
        <table className="table is-facts">
          <thead>
            <tr>
              <th scope="col">Archive</th>
              <th scope="col">State</th>
              <th scope="col" className="is-number is-minor">
                Waiting
              </th>
              <th scope="col" className="is-number">
                Lag
              </th>
              <th scope="col" className="is-number is-minor">
                Results sent
              </th>
              <th scope="col" className="is-number is-minor">
                Acknowledged
              </th>
            </tr>
          </thead>
          <tbody>
            {props.archives.map((archive) => (
              <ArchiveRow key={archive.target} archive={archive} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function ArchiveRow({ archive }: { readonly archive: adminV1.Archive }): ReactNode {
  const lagNs = nsOf(archive.lag) ?? 0n;
  const code = errorCodeOf(archive.lastError);
  return (
    <tr>
      <th scope="row">
        <Breakable text={archive.target} />
        {archiveNotes(archive).map((note) => (
          <span key={note} className="loop-purpose">
            <Breakable text={note} />
          </span>
        ))}
      </th>
      <td>
        {archive.lastError === "" ? (
          "ok"
        ) : (
          <>
            <a className="bad" href={paths.help("errors", code)}>
              {code}
            </a>{" "}
            since <TimeAgo atMs={msOf(archive.failingSince)} />
          </>
        )}
      </td>
      <td className="is-number is-minor">{formatCount(archive.resultsWaiting)}</td>
      <td className="is-number" data-label="lag">
        {lagNs === 0n ? <Nothing why="none waits" /> : formatSpan(lagNs)}
      </td>
      <td className="is-number is-minor">{formatCount(archive.resultsSent)}</td>
      <td className="is-number is-minor">
        <TimeAgo atMs={msOf(archive.sentAt)} />
      </td>
    </tr>
  );
}
