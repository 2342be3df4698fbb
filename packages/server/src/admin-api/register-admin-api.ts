// truechimer.admin.v1.AdminService: what people and their programs call. Host, origin and session are checked before a
// body is read. One procedure, one file.

import { type ContextKey, createContextKey, createContextValues } from "@connectrpc/connect";
import { adminV1 } from "@truechimer/api";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { ServerContext } from "../context.ts";
import type { AdminPrincipal } from "../http/admin-access.ts";
import { type CallRefusal, refuseCall, registerConnectService } from "../http/connect-plugin.ts";
import { hostProblem, originProblem } from "../http/host-guard.ts";
import type { HttpAppOptions } from "../http/http-options.ts";
import { hostHeaders } from "../http/request-guards.ts";
import { failedLogin, principalRefusal, strangerRefusal } from "../limits/limit-callers.ts";
import { createLiveFeed } from "../live/live-feed.ts";
import { watchResults } from "../live/watch-results.ts";
import { addServers } from "./add-servers.ts";
import { agentProcedures } from "./agent-procedures.ts";
import { checkNow } from "./check-now.ts";
import { createLogin } from "./create-login.ts";
import { createMonitorCall } from "./create-monitor-call.ts";
import { explainScore } from "./explain-score.ts";
import { getCheck } from "./get-check.ts";
import { getCoverage } from "./get-coverage.ts";
import { getOverview } from "./get-overview.ts";
import { getServer } from "./get-server.ts";
import { getServerHistory } from "./get-server-history.ts";
import { getSystem } from "./get-system.ts";
import { listChecks } from "./list-checks.ts";
import { listEvents } from "./list-events.ts";
import { listMonitors } from "./list-monitors.ts";
import { listRateLimits } from "./list-rate-limits.ts";
import { listServers } from "./list-servers.ts";
import { listTraceroutes } from "./list-traceroutes.ts";
import { runLoopNow } from "./run-loop.ts";
import { PAUSE, REMOVE, RESTORE, RESUME, setServerState } from "./set-server-state.ts";
import { setServerTracing } from "./set-server-tracing.ts";
import { explainAssignment, simulateReview } from "./simulate-review.ts";

const PRINCIPAL: ContextKey<AdminPrincipal | undefined> = createContextKey<
  AdminPrincipal | undefined
>(undefined);

export function registerAdminApi(
  scope: FastifyInstance,
  context: ServerContext,
  options: HttpAppOptions,
): Promise<void> {
  const principals = new WeakMap<FastifyRequest, AdminPrincipal>();
  const feed = createLiveFeed(context);
  guardAdmin(scope, context, { options, principals });
  return registerConnectService(scope, context, {
    ...options,
    service: adminV1.AdminService,
    bodyBytesMax: options.limits.adminBodyBytesMax,
    // A browser can be made to send neither form, and nothing of ours speaks them here.
    grpc: false,
    contextValues: (request) => createContextValues().set(PRINCIPAL, principals.get(request)),
    routes: (router) =>
      router.service(adminV1.AdminService, {
        ...agentProcedures(context, options, PRINCIPAL),
        getOverview: () => getOverview(context),
        listServers: (request) => listServers(context, request),
        getServer: (request) => getServer(context, request),
        addServers: (request, { signal }) => addServers(context, request, signal),
        pauseServers: async ({ ids }) => ({ servers: await setServerState(context, ids, PAUSE) }),
        resumeServers: async ({ ids }) => ({ servers: await setServerState(context, ids, RESUME) }),
        removeServers: async ({ ids }) => ({ servers: await setServerState(context, ids, REMOVE) }),
        restoreServers: async ({ ids }) => ({
          servers: await setServerState(context, ids, RESTORE),
        }),
        setServerTracing: (request) => setServerTracing(context, request),
        listTraceroutes: (request) => listTraceroutes(context, request),
        checkNow: (request, { signal }) =>
          checkNow({ context, onDemand: options.onDemand }, request, signal),
        watchResults: (request, { signal, requestHeader }) => {
          const isBinary = requestHeader.get("content-type")?.includes("proto") === true;
          return watchResults({ context, feed }, request, { signal, isBinary });
        },
        listMonitors: (request) => listMonitors(context, request),
        getServerHistory: (request) => getServerHistory(context, request),
        listChecks: (request) => listChecks(context, request),
        getCheck: (request) => getCheck(context, request),
        explainScore: (request) => explainScore(context, request),
        simulateReview: (request) => simulateReview(context, request),
        explainAssignment: (request) => explainAssignment(context, request),
        getCoverage: () => getCoverage(context),
        listEvents: (request) => listEvents(context, request),
        getSystem: () => getSystem(context),
        runLoop: (request) => runLoopNow(context, request),
        listRateLimits: () => listRateLimits(context),
        createLogin: (_request, { values }) =>
          createLogin(options.access, options.publicUrl(), values.get(PRINCIPAL)),
        createMonitor: (request, { values }) =>
          createMonitorCall(context, request, values.get(PRINCIPAL)),
      }),
  });
}

function guardAdmin(
  scope: FastifyInstance,
  context: ServerContext,
  input: {
    readonly options: HttpAppOptions;
    readonly principals: WeakMap<FastifyRequest, AdminPrincipal>;
  },
): void {
  const { options, principals } = input;
  scope.addHook("onRequest", async (request, reply) => {
    const headers = hostHeaders(request);
    const host = hostProblem(headers, options.hosts);
    const foreign = host ?? originProblem(headers);
    if (foreign !== undefined) {
      context.metrics.accessRefused.inc({ reason: host === undefined ? "origin" : "host" });
      await refuseCall(reply, {
        status: 403,
        connectCode: "permission_denied",
        code: "forbidden",
        message: foreign,
      });
      return;
    }
    const { authorization, cookie } = request.headers;
    const credentials = { authorization, cookie };
    const stranger = options.access.heldLately(credentials)
      ? undefined
      : strangerRefusal(context, request);
    if (stranger !== undefined) {
      await refuseCall(reply, stranger);
      return;
    }
    const principal = await options.access.principalOf(credentials);
    if (principal !== undefined) {
      principals.set(request, principal);
      const many = { name: "admin_calls", key: principal.id } as const;
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
    "a session is needed: open the address that the start printed, or get a new one with `truechimer login`",
};

const KEY_VOID: CallRefusal = {
  status: 401,
  connectCode: "unauthenticated",
  code: "unauthenticated",
  message: "the API key is not one of ours, or was revoked",
};
