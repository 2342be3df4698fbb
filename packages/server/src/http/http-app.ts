// The listener: limits, headers, health, metrics, the two services, and the dashboard's files.

import Fastify, { type FastifyInstance } from "fastify";
import { registerAdminApi } from "../admin-api/register-admin-api.ts";
import type { ServerContext } from "../context.ts";
import { registerMonitorApi } from "../monitor-api/register-monitor-api.ts";
import { registerDashboard } from "./dashboard-routes.ts";
import { registerHealth } from "./health-routes.ts";
import type { HttpAppOptions } from "./http-options.ts";
import { registerMetrics } from "./metrics-route.ts";
import { guardHost, pathOf } from "./request-guards.ts";
import { SECURITY_HEADERS } from "./security-headers.ts";

/** Node looks for requests that take too long this often; its default of 30 s would be the real limit. */
const LATE_REQUESTS_CHECK_MS = 1_000;
const HEADER_BYTES_MAX = 16 * 1024;
const URL_CHARACTERS_MAX = 4_096;

export async function createHttpApp(
  context: ServerContext,
  options: HttpAppOptions,
): Promise<FastifyInstance> {
  const { limits } = options;
  const app = Fastify({
    logger: false,
    bodyLimit: limits.adminBodyBytesMax,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    forceCloseConnections: "idle",
    http: {
      headersTimeout: limits.headersTimeoutMs,
      maxHeaderSize: HEADER_BYTES_MAX,
      connectionsCheckingInterval: LATE_REQUESTS_CHECK_MS,
    },
    routerOptions: { maxParamLength: URL_CHARACTERS_MAX },
  });
  app.server.maxConnections = limits.connectionsMax;
  app.addHook("onRequest", async (_request, reply) => {
    reply.headers(SECURITY_HEADERS);
  });
  app.setErrorHandler(async (error, request, reply) => {
    const status = (error as { readonly statusCode?: number }).statusCode ?? 500;
    if (status >= 500) context.logger.error({ error, path: pathOf(request) }, "request failed");
    await reply
      .code(status)
      .type("text/plain; charset=utf-8")
      .send(status >= 500 ? "internal error\n" : "bad request\n");
  });
  app.setNotFoundHandler(async (_request, reply) => {
    await reply.code(404).type("text/plain; charset=utf-8").send("not found\n");
  });
  registerHealth(app, context);
  await app.register(async (scope) => registerMonitorApi(scope, context, options));
  await app.register(async (scope) => registerAdminApi(scope, context, options));
  await app.register(async (scope) => {
    guardHost(scope, context, options.hosts);
    registerMetrics(scope, context);
  });
  await registerDashboard(app, context, options);
  return app;
}
