// Sessions, each with where it is and how to end it.

import { useQueryClient } from "@tanstack/react-query";
import type { peopleV1 } from "@truechimer/api";
import type { ReactNode } from "react";
import { peopleClient } from "../api/client.ts";
import { msOf } from "../api/message.ts";
import { tellDone, tellFailed } from "../parts/toasts.tsx";
import { TimeAgo } from "../parts/values.tsx";
import { browserWords } from "./browser-words.ts";

export function SessionTable(props: { readonly sessions: readonly peopleV1.Session[] }): ReactNode {
  if (props.sessions.length === 0) return <p className="soft">Nowhere at the moment.</p>;
  return (
    <div className="table-scroll">
      <table className="table is-compact">
        <thead>
          <tr>
            <th scope="col">Browser</th>
            <th scope="col" className="is-number">
              Used
            </th>
            <th scope="col" className="is-number is-minor">
              Since
            </th>
            <th scope="col" className="is-number is-minor">
              Ends unused
            </th>
            <th scope="col">
              <span className="visually-hidden">End</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {props.sessions.map((session) => (
            <SessionRow key={session.id} session={session} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function SessionRow({ session }: { readonly session: peopleV1.Session }): ReactNode {
  const queries = useQueryClient();
  const browser = browserWords(session.userAgent);
  const end = async (): Promise<void> => {
    try {
      await peopleClient.endSession({ id: session.id });
      tellDone(`The session in ${browser} was ended`);
    } catch (error) {
      tellFailed("The session was not ended", error);
    }
    void queries.invalidateQueries({ queryKey: ["sessions"] });
    void queries.invalidateQueries({ queryKey: ["users"] });
  };
  return (
    <tr>
      <th scope="row" title={session.userAgent}>
        {browser}
        <span className="loop-purpose number">
          from {session.openedFrom === "" ? "an unknown address" : session.openedFrom}
        </span>
      </th>
      <td className="is-number">
        <TimeAgo atMs={msOf(session.lastUsedAt)} />
      </td>
      <td className="is-number is-minor">
        <TimeAgo atMs={msOf(session.createdAt)} />
      </td>
      <td className="is-number is-minor">
        <TimeAgo atMs={msOf(session.expiresAt)} />
      </td>
      <td className="is-number">
        {session.current ? (
          <span className="soft">this one</span>
        ) : (
          <button type="button" className="button is-small" onClick={() => void end()}>
            End<span className="visually-hidden"> the session in {browser}</span>
          </button>
        )}
      </td>
    </tr>
  );
}
