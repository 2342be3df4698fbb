// The listener: limits, headers, health, metrics, the two services, and the dashboard's files.

import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { registerAdminApi } from "../admin-api/register-admin-api.ts";
import type { ServerContext } from "../context.ts";
import { registerMonitorApi } from "../monitor-api/register-monitor-api.ts";
import type { AdminAccess } from "./admin-access.ts";
import { registerDashboard } from "./dashboard-routes.ts";
import { registerHealth } from "./health-routes.ts";
import { type HostHeaders, type HostPolicy, hostProblem } from "./host-guard.ts";
import { registerMetrics } from "./metrics-route.ts";
import { SECURITY_HEADERS } from "./security-headers.ts";

/** What a listener puts up with. */
export interface HttpLimits {
  /** Whole request head within. Against slow-loris. */
  readonly headersTimeoutMs: number;
  /** Whole request within. */
  readonly requestTimeoutMs: number;
  /** Longer than a proxy's in front of us, so that it never uses a connection that we just closed. */
  readonly keepAliveTimeoutMs: number;
  readonly connectionsMax: number;
  /** Calls that are answered at once; further ones are told to come back. */
  readonly callsInFlightMax: number;
  /** Body of a call of an agent: a batch of 500 with evidence. */
  readonly monitorBodyBytesMax: number;
  readonly adminBodyBytesMax: number;
}

export const HTTP_LIMITS: HttpLimits = {
  headersTimeoutMs: 5_000,
  requestTimeoutMs: 20_000,
  keepAliveTimeoutMs: 75_000,
  connectionsMax: 4_096,
  callsInFlightMax: 512,
  monitorBodyBytesMax: 4 * 1024 * 1024,
  adminBodyBytesMax: 256 * 1024,
};

const HEADER_BYTES_MAX = 16 * 1024;
const URL_CHARACTERS_MAX = 4_096;

export interface HttpAppOptions {
  readonly access: AdminAccess;
  readonly hosts: HostPolicy;
  readonly limits: HttpLimits;
  readonly webRoot: string | undefined;
  /** Address that people open, without a path. */
  readonly publicUrl: () => string;
  /** Aborted when the time for calls in flight is over. */
  readonly shutdownSignal: AbortSignal;
}

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
    http: { headersTimeout: limits.headersTimeoutMs, maxHeaderSize: HEADER_BYTES_MAX },
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

/** What the guards look at. */
export function hostHeaders(request: FastifyRequest): HostHeaders {
  const fetchSite = request.headers["sec-fetch-site"];
  return {
    host: request.headers.host,
    origin: request.headers.origin,
    fetchSite: typeof fetchSite === "string" ? fetchSite : undefined,
  };
}

/** The path without the query, which may hold a key. */
export function pathOf(request: FastifyRequest): string {
  return request.url.split("?", 1)[0] ?? "/";
}

export function guardHost(scope: FastifyInstance, context: ServerContext, hosts: HostPolicy): void {
  scope.addHook("onRequest", async (request, reply) => {
    const problem = hostProblem(hostHeaders(request), hosts);
    if (problem !== undefined) await refuseHost(context, reply, problem);
  });
}

export async function refuseHost(
  context: ServerContext,
  reply: FastifyReply,
  problem: string,
): Promise<void> {
  context.metrics.accessRefused.inc({ reason: "host" });
  await reply.code(403).type("text/plain; charset=utf-8").send(`${problem}\n`);
}
