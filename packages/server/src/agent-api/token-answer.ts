// POST /api/oidc/token: a token for calls without a certificate, for whoever shows the agent's key or certificate. A token
// gets no further token: one that was stolen ends by itself.

import { AppError } from "@truechimer/base";
import type { ServerContext } from "../context.ts";
import type { AgentCredential } from "../enrolment/agent-credential.ts";
import type { AgentTokens } from "../enrolment/agent-tokens.ts";
import { authenticateAgent } from "../enrolment/authenticate-agent.ts";

/** As the NTP Pool's agents read it. */
export interface TokenAnswer {
  readonly access_token: string;
  readonly token_type: "Bearer";
  readonly expires_in: number;
}

export interface TokenCall {
  readonly credential: AgentCredential;
  readonly agentTokens: AgentTokens;
  /** As parsed from JSON. */
  readonly body: unknown;
}

const LIFE_SECONDS = 3_600;
/** Agents fetch the next one 5 min before the end: a shorter one would be fetched for every call. */
const LIFE_SECONDS_MIN = 600;
/** A token cannot be taken back by itself, only with its agent. */
const LIFE_SECONDS_MAX = 6 * 3_600;

export async function tokenAnswer(
  context: ServerContext,
  { credential, agentTokens, body }: TokenCall,
): Promise<TokenAnswer> {
  if (credential.kind === "token") {
    throw new AppError(
      "unauthenticated",
      "a token does not get another one: send the agent's key, or its certificate",
    );
  }
  const lifeSeconds = lifeSecondsOf(body);
  const { tlsName, name } = await authenticateAgent(context, { credential });
  if (tlsName === undefined) {
    throw new AppError(
      "forbidden",
      `agent ${name} has no name in a certificate, so no token names it: it calls with its key`,
    );
  }
  const token = await agentTokens.issue(tlsName, lifeSeconds);
  context.metrics.agentTokens.inc();
  return { access_token: token, token_type: "Bearer", expires_in: lifeSeconds };
}

/** What was asked for, within our bounds; the answer says what it became. */
function lifeSecondsOf(body: unknown): number {
  if (body === undefined || body === null) return LIFE_SECONDS;
  const { expires_in: wanted } = body as { readonly expires_in?: unknown };
  if (wanted === undefined || wanted === 0) return LIFE_SECONDS;
  if (typeof wanted !== "number" || !Number.isInteger(wanted) || wanted < 0) {
    throw new AppError("bad_request", "expires_in must be a whole number of seconds");
  }
  return Math.min(LIFE_SECONDS_MAX, Math.max(LIFE_SECONDS_MIN, wanted));
}
