// What became of the token that was just made, as it comes to pass.

import { useQuery } from "@tanstack/react-query";
import type { adminV1 } from "@truechimer/api";
import type { ReactNode } from "react";
import { msOf } from "../api/message.ts";
import { agentsQuery, enrolmentTokensQuery } from "../api/queries.ts";
import { formatLong } from "../format/relative-time.ts";
import { useNow } from "../parts/now.ts";
import { paths } from "../url/paths.ts";
import { RevokeToken } from "./revoke-token.tsx";
import { tokenState } from "./token-state.ts";

export function TokenFate(props: { readonly token: adminV1.EnrolmentToken }): ReactNode {
  const tokens = useQuery(enrolmentTokensQuery());
  const nowMs = useNow();
  const token = tokens.data?.tokens.find(({ id }) => id === props.token.id) ?? props.token;
  const state = tokenState(token, nowMs);
  return (
    <p className={`token-fate is-${state}`} role="status">
      {state === "waiting" ? (
        <>
          <span className="waiting-mark" aria-hidden="true" /> Waiting for the agent; the token
          works for another {formatLong((msOf(token.expiresAt) ?? nowMs) - nowMs)}.{" "}
          <RevokeToken token={token} />
        </>
      ) : state === "used" ? (
        <>
          Enrolled as <AgentLink id={token.agentId} />.
        </>
      ) : state === "revoked" ? (
        "Revoked: the token opens nothing any more."
      ) : (
        "Expired without having been used. Make another one."
      )}
    </p>
  );
}

/** The agent by its name; by its id until the list of agents knows it. */
export function AgentLink(props: { readonly id: string }): ReactNode {
  const agents = useQuery(agentsQuery());
  if (props.id === "") return <>an agent</>;
  const agent = agents.data?.agents.find(({ id }) => id === props.id);
  return <a href={paths.agent(props.id)}>{agent?.name ?? props.id}</a>;
}
