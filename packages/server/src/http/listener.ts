// What all listeners have in common: limits on what is sent to us and how slowly, headers of every answer, and how a
// request that nothing answers is told so.

import type { ServerOptions as HttpServerOptions } from "node:http";
import type { ServerOptions as TlsServerOptions } from "node:https";
import Fastify, { type FastifyInstance } from "fastify";
import type { ServerContext } from "../context.ts";
import { refusalCode, refuseUnreadable } from "./code-refusals.ts";
import { ERROR_CODE_HEADER } from "./connect-error.ts";
import type { HttpLimits } from "./http-options.ts";
import { pathOf } from "./request-guards.ts";
import { SECURITY_HEADERS } from "./security-headers.ts";

/** Node looks for requests that take too long this often; its default of 30 s would be the real limit. */
const LATE_REQUESTS_CHECK_MS = 1_000;
const HEADER_BYTES_MAX = 16 * 1024;
const URL_CHARACTERS_MAX = 4_096;

/** Of every server of Node's that we open. */
export const HTTP_SERVER_OPTIONS: Pick<
  HttpServerOptions,
  "maxHeaderSize" | "connectionsCheckingInterval"
> = { maxHeaderSize: HEADER_BYTES_MAX, connectionsCheckingInterval: LATE_REQUESTS_CHECK_MS };

export interface NewListener {
  readonly limits: HttpLimits;
  /** Absent: plain HTTP. */
  readonly tls?: TlsServerOptions;
}

export function createListener(
  context: ServerContext,
  { limits, tls }: NewListener,
): FastifyInstance {
  const http = { ...HTTP_SERVER_OPTIONS, headersTimeout: limits.headersTimeoutMs };
  const app = Fastify({
    logger: false,
    bodyLimit: limits.adminBodyBytesMax,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    forceCloseConnections: "idle",
    clientErrorHandler: refuseUnreadable(context),
    ...(tls === undefined ? { http } : { https: { ...http, ...tls } }),
    routerOptions: { maxParamLength: URL_CHARACTERS_MAX },
  }) as FastifyInstance;
  app.server.maxConnections = limits.connectionsMax;
  app.addHook("onRequest", async (_request, reply) => {
    reply.headers(SECURITY_HEADERS);
    // Whoever is told does not begin its next request on a connection that is about to end.
    if (context.health.stopping) reply.raw.setHeader("connection", "close");
  });
  app.setErrorHandler(async (error, request, reply) => {
    const status = (error as { readonly statusCode?: number }).statusCode ?? 500;
    if (status >= 500) context.logger.error({ error, path: pathOf(request) }, "request failed");
    else context.metrics.accessRefused.inc({ reason: "request" });
    await reply
      .code(status)
      .header(ERROR_CODE_HEADER, refusalCode(status))
      .type("text/plain; charset=utf-8")
      .send(status >= 500 ? "internal error\n" : "bad request\n");
  });
  app.setNotFoundHandler(async (_request, reply) => {
    context.metrics.accessRefused.inc({ reason: "path" });
    await reply
      .code(404)
      .header(ERROR_CODE_HEADER, "not_found")
      .type("text/plain; charset=utf-8")
      .send("not found\n");
  });
  return app;
}
