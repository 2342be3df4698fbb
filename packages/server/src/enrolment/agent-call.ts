// What the procedures that agents call are given beside the request.

import type { HandlerContext } from "@connectrpc/connect";
import { type AgentCredential, credentialOf } from "./agent-credential.ts";

export interface AgentCall {
  readonly headers: Headers;
  readonly credential: AgentCredential;
}

export function agentCallOf({ requestHeader, values }: HandlerContext): AgentCall {
  return { headers: requestHeader, credential: credentialOf(values) };
}
