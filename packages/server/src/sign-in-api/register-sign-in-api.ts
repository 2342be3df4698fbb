// truechimer.admin.v1.SignInService: for whoever has no session yet, so there is no permission to ask for. Host, origin and
// the address's failures are looked at before a body is read.

import type { ServiceImpl } from "@connectrpc/connect";
import { signInV1 } from "@truechimer/api";
import type { FastifyInstance } from "fastify";
import type { ServerContext } from "../context.ts";
import { guardOrigin } from "../http/admin-guard.ts";
import { refuseCall, registerConnectService } from "../http/connect-plugin.ts";
import type { HttpAppOptions } from "../http/http-options.ts";
import { strangerRefusal } from "../limits/limit-callers.ts";
import { doorValues } from "./door.ts";
import { beginPasskeySignIn, signInWithPasskey } from "./passkey-sign-in.ts";
import { getSignInOptions, lookUpLink, signIn, useLink } from "./sign-in.ts";

/** A name and a password, or the answer of a passkey with a signature of a post-quantum algorithm. */
const BODY_BYTES_MAX = 16 * 1024;

export function registerSignInApi(
  scope: FastifyInstance,
  context: ServerContext,
  options: HttpAppOptions,
): Promise<void> {
  guardOrigin(scope, context, options.hosts);
  scope.addHook("onRequest", async (request, reply) => {
    const refusal = strangerRefusal(context, request);
    if (refusal !== undefined) await refuseCall(reply, refusal);
  });
  return registerConnectService(scope, context, {
    ...options,
    service: signInV1.SignInService,
    bodyBytesMax: BODY_BYTES_MAX,
    grpc: false,
    contextValues: (request) => doorValues(context, options, request),
    routes: (router) => router.service(signInV1.SignInService, signInProcedures(context, options)),
  });
}

function signInProcedures(
  context: ServerContext,
  { publicUrl }: HttpAppOptions,
): ServiceImpl<typeof signInV1.SignInService> {
  return {
    getSignInOptions: () => getSignInOptions(context, publicUrl()),
    signIn: (request, call) => signIn(context, request, call),
    beginPasskeySignIn: (_request, call) => beginPasskeySignIn(context, call),
    signInWithPasskey: (request, call) => signInWithPasskey(context, request, call),
    lookUpLink: (request, call) => lookUpLink(context, request, call),
    useLink: (request, call) => useLink(context, request, call),
  };
}
