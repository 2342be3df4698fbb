// The browser's way to the provider and back: plain navigation, so no procedure. A refusal leads to the sign-in page, with
// its code in the address.

import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { ServerContext } from "../context.ts";
import { attemptCookieHeader, cookieValue, sessionCookieHeader } from "../http/cookie.ts";
import type { HttpAppOptions } from "../http/http-options.ts";
import { refuseInText } from "../http/refuse-in-text.ts";
import { guardHost } from "../http/request-guards.ts";
import { strangerRefusal } from "../limits/limit-callers.ts";
import { limitRefusal } from "../limits/verdict.ts";
import { ATTEMPT_MINUTES, beginAttempt, proofOf } from "./oidc-attempts.ts";
import type { OidcClient } from "./oidc-client.ts";
import { OIDC_CALLBACK_PATH, OIDC_PATH, OIDC_SIGN_OUT_PATH } from "./oidc-settings.ts";
import { type OidcRefusal, signInByProvider } from "./oidc-sign-in.ts";

/** Nothing where no provider is configured. */
export function registerOidc(
  scope: FastifyInstance,
  context: ServerContext,
  options: HttpAppOptions,
): void {
  const { oidc: client } = context;
  if (client === undefined) return;
  guardHost(scope, context, options.hosts);
  scope.addHook("onRequest", async (request, reply) => {
    reply.header("cache-control", "no-store");
    const refusal = strangerRefusal(context, request);
    if (refusal !== undefined) await refuseInText(reply, refusal);
  });
  // HEAD spends nothing: previews ask so.
  const way = { method: "GET", exposeHeadRoute: false } as const;
  scope.route({
    ...way,
    url: OIDC_PATH,
    handler: (request, reply) => leave(context, options, { client, request, reply }),
  });
  scope.route({
    ...way,
    url: OIDC_CALLBACK_PATH,
    handler: (request, reply) => comeBack(context, options, { client, request, reply }),
  });
  scope.route({
    ...way,
    url: OIDC_SIGN_OUT_PATH,
    handler: async (_request, reply) => {
      const home = `${options.publicUrl()}/`;
      try {
        return await reply.redirect((await client.signOutUrl(home)) ?? home, 303);
      } catch (error) {
        context.logger.warn({ error }, "the provider could not be asked where one signs out");
        return refuse(reply, "provider_unreachable");
      }
    },
  });
}

interface Way {
  readonly client: OidcClient;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

async function leave(
  context: ServerContext,
  { access, publicUrl }: HttpAppOptions,
  { client, request, reply }: Way,
): Promise<FastifyReply> {
  const { limits, callerKey, database, random, logger } = context;
  const verdict = await limits.take("oidc_sign_ins", callerKey(request));
  if (!verdict.passed) {
    await refuseInText(reply, limitRefusal(verdict));
    return reply;
  }
  const { cookie } = request.headers;
  const before = await access.callerOf({ authorization: undefined, cookie });
  const secret = await beginAttempt(database.kysely, random, { sessionBefore: before?.sessionId });
  let url: string;
  try {
    url = await client.signInUrl(`${publicUrl()}${OIDC_CALLBACK_PATH}`, proofOf(secret));
  } catch (error) {
    logger.warn({ error }, "the provider could not be asked where one signs in");
    return refuse(reply, "provider_unreachable");
  }
  return reply
    .header("set-cookie", attemptCookie(access.cookieName, publicUrl(), secret))
    .redirect(url, 303);
}

async function comeBack(
  context: ServerContext,
  { access, publicUrl }: HttpAppOptions,
  { client, request, reply }: Way,
): Promise<FastifyReply> {
  const { text: openedFrom } = context.requestAddress(request);
  const outcome = await signInByProvider(context, client, {
    url: new URL(request.url, publicUrl()),
    secret: cookieValue(request.headers.cookie, attemptCookieName(access.cookieName)),
    origin: { openedFrom, userAgent: request.headers["user-agent"] ?? "" },
  });
  // Whatever came of it, this attempt is over.
  const spent = attemptCookie(access.cookieName, publicUrl(), undefined);
  if (!("refusal" in outcome)) {
    const secure = publicUrl().startsWith("https:");
    const { session: value } = outcome;
    const session = sessionCookieHeader({ name: access.cookieName, value, secure });
    return reply.header("set-cookie", [session, spent]).redirect("/", 303);
  }
  const { refusal } = outcome;
  context.metrics.accessRefused.inc({ reason: "oidc" });
  context.logger.warn({ from: openedFrom, refusal }, "a sign-in at the provider was refused");
  reply.header("set-cookie", spent);
  if (refusal === "provider_unreachable") return refuse(reply, refusal);
  const { limits, callerKey } = context;
  const verdict = await limits.take("login_failures", callerKey(request));
  if (verdict.passed) return refuse(reply, refusal);
  await refuseInText(reply, limitRefusal(verdict));
  return reply;
}

function refuse(reply: FastifyReply, refusal: OidcRefusal): FastifyReply {
  return reply.redirect(`/?sign_in_refused=${refusal}`, 303);
}

function attemptCookieName(sessionName: string): string {
  return `${sessionName}_oidc`;
}

/** Undefined: the browser forgets it. */
function attemptCookie(sessionName: string, publicUrl: string, secret: string | undefined): string {
  return attemptCookieHeader({
    name: attemptCookieName(sessionName),
    value: secret,
    path: OIDC_PATH,
    maxAgeSeconds: ATTEMPT_MINUTES * 60,
    secure: publicUrl.startsWith("https:"),
  });
}
