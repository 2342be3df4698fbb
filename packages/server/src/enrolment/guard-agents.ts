// The agents' door: whoever proves nothing is turned away before a body is read, and those who knock with a key are
// counted apart from those who are inside, so that without one nobody can keep the agents out.

import { type ContextValues, createContextValues } from "@connectrpc/connect";
import { ok, type Result, refused } from "@truechimer/base";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { ServerContext } from "../context.ts";
import { edgeErrorFrom } from "../http/connect-error.ts";
import { type CallRefusal, refuseCall } from "../http/connect-plugin.ts";
import { failedLogin, principalRefusal, strangerRefusal } from "../limits/limit-callers.ts";
import { limitRefusal } from "../limits/verdict.ts";
import { agentIsKnown, credentialUnknown } from "../monitor-api/authenticate-monitor.ts";
import {
  AGENT_CREDENTIAL,
  type AgentCredential,
  agentKey,
  type PresentedCredential,
  presentedCredential,
} from "./agent-credential.ts";
import type { AgentTokens } from "./agent-tokens.ts";

/** A key that held so lately is let in unasked; the call itself asks again. */
const KNOWN_NS = 60_000_000_000n;
/** More agents than that ask the database a little more often. */
const KNOWN_MAX = 10_000;

export interface AgentGuardOptions {
  readonly tokens: AgentTokens;
  /** Requests that prove themselves in another way. Default: none. */
  readonly open?: (request: FastifyRequest) => boolean;
}

/** Guards every request of the scope. Gives what the procedures find of it among their context values. */
export function guardAgents(
  scope: FastifyInstance,
  context: ServerContext,
  { tokens, open = () => false }: AgentGuardOptions,
): (request: FastifyRequest) => ContextValues {
  const credentials = new WeakMap<FastifyRequest, AgentCredential>();
  const check = createCredentialCheck(context, tokens);
  scope.addHook("onRequest", async (request, reply) => {
    if (open(request)) return;
    const credential = await check(request);
    if (credential.ok) {
      credentials.set(request, credential.value);
      const many = { name: "agent_calls", key: agentKey(credential.value) } as const;
      const refusal = await principalRefusal(context, reply, many);
      if (refusal !== undefined) await refuseCall(reply, refusal);
      return;
    }
    const refusal = credential.error;
    const reason = refusal.code === "unauthenticated" ? "token" : "overload";
    context.metrics.accessRefused.inc({ reason });
    await refuseCall(reply, refusal);
  });
  return (request) => createContextValues().set(AGENT_CREDENTIAL, credentials.get(request));
}

type CredentialCheck = (request: FastifyRequest) => Promise<Result<AgentCredential, CallRefusal>>;

/** A certificate was checked by the listener; what holds lately is let in unasked; the rest is looked up, once at a time. */
function createCredentialCheck(context: ServerContext, tokens: AgentTokens): CredentialCheck {
  const keys = createKnownKeys(context);
  const lookups = new Map<string, Promise<Result<AgentCredential, CallRefusal>>>();

  const lookUp = async (
    credential: LookedUpCredential,
  ): Promise<Result<AgentCredential, CallRefusal>> => {
    try {
      if (credential.kind === "key") {
        return (await keys.hold(credential))
          ? ok(credential)
          : refused(unauthenticated(credentialUnknown(credential)));
      }
      const tlsName = await tokens.verified(credential.token);
      return tlsName.ok
        ? ok({ kind: "token", tlsName: tlsName.value })
        : refused(unauthenticated(tlsName.error));
    } catch (error) {
      context.logger.error({ error }, "an agent's credential was not looked up");
      return refused(unavailable(error));
    }
  };

  const lookUpOnce = (
    id: string,
    credential: LookedUpCredential,
  ): Promise<Result<AgentCredential, CallRefusal>> => {
    const underWay = lookups.get(id);
    if (underWay !== undefined) return underWay;
    const place = context.limits.place("credential_lookups", lookups.size);
    if (!place.passed) return Promise.resolve(refused(limitRefusal(place)));
    const lookup = lookUp(credential).finally(() => lookups.delete(id));
    lookups.set(id, lookup);
    return lookup;
  };

  return async (request) => {
    const presented = presentedCredential(context, request);
    if (!presented.ok) return refused(unauthenticated(presented.error));
    const credential = presented.value;
    if (credential.kind === "certificate") return ok(credential);
    if (credential.kind === "key" && keys.remembered(credential.hash)) return ok(credential);
    if (credential.kind === "token") {
      const tlsName = tokens.remembered(credential.token);
      if (tlsName !== undefined) return ok({ kind: "token", tlsName });
    }
    const stranger = strangerRefusal(context, request);
    if (stranger !== undefined) return refused(stranger);
    const id = credential.kind === "key" ? credential.hash.toString("base64") : credential.token;
    const found = await lookUpOnce(id, credential);
    if (found.ok || found.error.code !== "unauthenticated") return found;
    // Each that failed counts, also of several that were looked up together.
    return refused(await failedLogin(context, request, found.error));
  };
}

type LookedUpCredential = Exclude<PresentedCredential, { readonly kind: "certificate" }>;

interface KnownKeys {
  remembered(hash: Buffer): boolean;
  hold(credential: AgentCredential & { readonly kind: "key" }): Promise<boolean>;
}

function createKnownKeys({ clock, database }: ServerContext): KnownKeys {
  const known = new Map<string, bigint>();
  return {
    remembered: (hash) => {
      const heldAtNs = known.get(hash.toString("base64"));
      return heldAtNs !== undefined && clock.monotonicNs() - heldAtNs < KNOWN_NS;
    },
    hold: async (credential) => {
      if (!(await agentIsKnown(database, credential))) return false;
      const hash = credential.hash.toString("base64");
      known.delete(hash);
      known.set(hash, clock.monotonicNs());
      const [oldest] = known.keys();
      if (known.size > KNOWN_MAX && oldest !== undefined) known.delete(oldest);
      return true;
    },
  };
}

function unauthenticated(message: string): CallRefusal {
  return { status: 401, connectCode: "unauthenticated", code: "unauthenticated", message };
}

function unavailable(error: unknown): CallRefusal {
  const { answer, code } = edgeErrorFrom(error);
  return { status: 503, connectCode: "unavailable", code, message: answer.rawMessage };
}
