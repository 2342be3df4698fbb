// Before a body is read: host, origin, and who calls. Whoever is let in is counted; who is not, is refused.

import type { FastifyInstance, FastifyRequest } from "fastify";
import type { ServerContext } from "../context.ts";
import { failedLogin, principalRefusal, strangerRefusal } from "../limits/limit-callers.ts";
import type { Caller } from "../people/caller.ts";
import type { AdminAccess } from "./admin-access.ts";
import { type CallRefusal, refuseCall } from "./connect-plugin.ts";
import { type HostPolicy, hostProblem, originProblem } from "./host-guard.ts";
import { hostHeaders } from "./request-guards.ts";

/** Refuses what another site's page, or a rebound name, asks. */
export function guardOrigin(
  scope: FastifyInstance,
  context: ServerContext,
  hosts: HostPolicy,
): void {
  scope.addHook("onRequest", async (request, reply) => {
    const headers = hostHeaders(request);
    const host = hostProblem(headers, hosts);
    const foreign = host ?? originProblem(headers);
    if (foreign === undefined) return;
    context.metrics.accessRefused.inc({ reason: host === undefined ? "origin" : "host" });
    await refuseCall(reply, {
      status: 403,
      connectCode: "permission_denied",
      code: "forbidden",
      message: foreign,
    });
  });
}

export interface CallerGuard {
  readonly access: AdminAccess;
  readonly hosts: HostPolicy;
  /** Where who was let in is noted. */
  readonly callers: WeakMap<FastifyRequest, Caller>;
}

export function guardCallers(
  scope: FastifyInstance,
  context: ServerContext,
  { access, hosts, callers }: CallerGuard,
): void {
  guardOrigin(scope, context, hosts);
  scope.addHook("onRequest", async (request, reply) => {
    const { authorization, cookie } = request.headers;
    const credentials = { authorization, cookie };
    const stranger = access.heldLately(credentials) ? undefined : strangerRefusal(context, request);
    if (stranger !== undefined) {
      await refuseCall(reply, stranger);
      return;
    }
    const caller = await access.callerOf(credentials);
    if (caller !== undefined) {
      callers.set(request, caller);
      const many = { name: "admin_calls", key: caller.id } as const;
      const refusal = await principalRefusal(context, reply, many);
      if (refusal !== undefined) await refuseCall(reply, refusal);
      return;
    }
    context.metrics.accessRefused.inc({
      reason: authorization === undefined ? "session" : "token",
    });
    // A page whose session has ended asks on by itself: that is nobody who tries keys.
    const refusal =
      authorization === undefined ? SESSION_NEEDED : await failedLogin(context, request, KEY_VOID);
    await refuseCall(reply, refusal);
  });
}

const SESSION_NEEDED: CallRefusal = {
  status: 401,
  connectCode: "unauthenticated",
  code: "unauthenticated",
  message:
    "a session is needed: sign in, open the address that the start printed, or get a new one with `truechimer login`",
};

const KEY_VOID: CallRefusal = {
  status: 401,
  connectCode: "unauthenticated",
  code: "unauthenticated",
  message: "the API key is not one of ours, has ended or was revoked",
};
