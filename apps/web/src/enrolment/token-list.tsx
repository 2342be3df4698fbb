// Every token that is remembered, with what became of it.

import { useQuery } from "@tanstack/react-query";
import type { adminV1 } from "@truechimer/api";
import { type ReactNode, useState } from "react";
import { msOf } from "../api/message.ts";
import { enrolmentTokensQuery } from "../api/queries.ts";
import { useHeld } from "../parts/held.ts";
import { useNow } from "../parts/now.ts";
import { AfterWait, ProblemNote } from "../parts/states.tsx";
import { TimeAgo } from "../parts/values.tsx";
import { RevokeToken } from "./revoke-token.tsx";
import { AgentLink } from "./token-fate.tsx";
import { tokenState } from "./token-state.ts";

export function TokenList(): ReactNode {
  const [pointerInside, setPointerInside] = useState(false);
  const tokens = useQuery(enrolmentTokensQuery());
  const rows = useHeld(tokens.data?.tokens, pointerInside);
  if (rows === undefined) {
    return tokens.isError ? (
      <ProblemNote
        error={tokens.error}
        title="The tokens could not be loaded"
        onRetry={() => void tokens.refetch()}
      />
    ) : (
      <AfterWait>
        <div className="skeleton-row" />
      </AfterWait>
    );
  }
  if (rows.length === 0) return <p className="soft">None was made yet.</p>;
  return (
    <div
      className="table-scroll"
      onPointerEnter={() => setPointerInside(true)}
      onPointerLeave={() => setPointerInside(false)}
    >
      <table className="table is-compact tokens">
        <thead>
          <tr>
            <th scope="col">For</th>
            <th scope="col" className="is-number is-minor">
              Made
            </th>
            <th scope="col">What became of it</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((token) => (
            <TokenRow
              key={token.id}
              // Held rows show an older state: what was revoked meanwhile must not be offered again.
              token={tokens.data?.tokens.find(({ id }) => id === token.id) ?? token}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function TokenRow(props: { readonly token: adminV1.EnrolmentToken }): ReactNode {
  const { token } = props;
  const state = tokenState(token, useNow());
  return (
    <tr className={state === "waiting" ? "" : "is-stale"}>
      <th scope="row">{token.name === "" ? "an agent" : token.name}</th>
      <td className="is-number is-minor">
        <TimeAgo atMs={msOf(token.createdAt)} />
      </td>
      <td>
        {state === "waiting" ? (
          <span className="token-waiting">
            <span>
              ends <TimeAgo atMs={msOf(token.expiresAt)} />
            </span>
            <RevokeToken token={token} />
          </span>
        ) : state === "used" ? (
          <>
            enrolled <AgentLink id={token.agentId} /> <TimeAgo atMs={msOf(token.usedAt)} />
          </>
        ) : (
          <>
            {state} <TimeAgo atMs={msOf(state === "revoked" ? token.revokedAt : token.expiresAt)} />
          </>
        )}
      </td>
    </tr>
  );
}
