// What the procedures that agents call are given beside the request.

import type { HandlerContext } from "@connectrpc/connect";
import { type AgentCredential, credentialOf } from "./agent-credential.ts";

export interface AgentCall {
  /** Of the request; names in lower case. */
  readonly header: (name: string) => string | undefined;
  readonly credential: AgentCredential;
}

export function agentCallOf({ requestHeader, values }: HandlerContext): AgentCall {
  return {
    header: (name) => requestHeader.get(name) ?? undefined,
    credential: credentialOf(values),
  };
}
