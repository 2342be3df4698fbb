// What an agent proves itself with, in the order in which it counts: its client certificate, a token that it fetched
// with its key, the key itself. A certificate and a token name the agent; a key is found by its hash.

import { type ContextKey, type ContextValues, createContextKey } from "@connectrpc/connect";
import { AppError, ok, type Result, refused } from "@truechimer/base";
import type { FastifyRequest } from "fastify";
import type { ServerContext } from "../context.ts";
import { clientIdentityOf } from "../http/client-identity.ts";
import { bearerToken, TOKEN_CHARACTERS_MAX, tokenHash } from "../http/token.ts";
import { AGENT_TOKEN_CHARACTERS_MAX } from "./agent-tokens.ts";

export type AgentCredential =
  | { readonly kind: "certificate"; readonly tlsName: string; readonly serial: string }
  | { readonly kind: "token"; readonly tlsName: string }
  | { readonly kind: "key"; readonly hash: Buffer };

/** What an agent is counted under. */
export function agentKey(credential: AgentCredential): string {
  return credential.kind === "key" ? credential.hash.toString("base64") : credential.tlsName;
}

const CREDENTIAL_NEEDED =
  'a client certificate or an agent\'s key is needed: send the key, or a token made with it, as "Authorization: Bearer …"';

/** What a request carries, before anybody has looked whether it holds. */
export type PresentedCredential =
  | Exclude<AgentCredential, { readonly kind: "token" }>
  | { readonly kind: "token"; readonly token: string };

/** What is wrong with it is for the caller; it holds nothing of the secret. */
export function presentedCredential(
  { clock }: Pick<ServerContext, "clock">,
  request: FastifyRequest,
): Result<PresentedCredential, string> {
  const identity = clientIdentityOf(request);
  // A connection may outlive its certificate.
  if (identity !== undefined && identity.notAfterNs > clock.nowNs()) {
    return ok({ kind: "certificate", tlsName: identity.tlsName, serial: identity.serial });
  }
  const bearer = bearerToken(request.headers.authorization, AGENT_TOKEN_CHARACTERS_MAX);
  if (bearer === undefined) {
    return refused(identity === undefined ? CREDENTIAL_NEEDED : "the client certificate has ended");
  }
  if (bearer.includes(".")) return ok({ kind: "token", token: bearer });
  if (bearer.length > TOKEN_CHARACTERS_MAX) return refused(CREDENTIAL_NEEDED);
  return ok({ kind: "key", hash: tokenHash(bearer) });
}

/** Set by the guard of a service, read by its procedures. */
export const AGENT_CREDENTIAL: ContextKey<AgentCredential | undefined> = createContextKey<
  AgentCredential | undefined
>(undefined);

export function credentialOf(values: ContextValues): AgentCredential {
  const credential = values.get(AGENT_CREDENTIAL);
  if (credential === undefined) throw new AppError("unauthenticated", CREDENTIAL_NEEDED);
  return credential;
}
