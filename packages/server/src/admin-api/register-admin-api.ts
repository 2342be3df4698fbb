// truechimer.admin.v1.AdminService: what people and their programs call. Host, origin and session are checked before a
// body is read. One procedure, one file.

import type { ContextValues, ServiceImpl } from "@connectrpc/connect";
import { adminV1 } from "@truechimer/api";
import type { FastifyInstance } from "fastify";
import type { ServerContext } from "../context.ts";
import type { HttpAppOptions } from "../http/http-options.ts";
import { createLiveFeed } from "../live/live-feed.ts";
import { watchResults } from "../live/watch-results.ts";
import { ADMIN_PERMISSIONS } from "../people/admin-permissions.ts";
import { type ActingContext, actingContext, CALLER } from "../people/caller.ts";
import { registerGuardedService } from "../people/register-guarded-service.ts";
import { listResults } from "../results/list-results.ts";
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

export function registerAdminApi(
  scope: FastifyInstance,
  context: ServerContext,
  options: HttpAppOptions,
): Promise<void> {
  return registerGuardedService(scope, context, {
    options,
    service: adminV1.AdminService,
    permissions: ADMIN_PERMISSIONS,
    procedures: adminProcedures(context, options),
  });
}

function adminProcedures(
  context: ServerContext,
  options: HttpAppOptions,
): Partial<ServiceImpl<typeof adminV1.AdminService>> {
  const feed = createLiveFeed(context);
  const as = (values: ContextValues): ActingContext => actingContext(context, values);
  return {
    ...agentProcedures(context, options, as),
    getOverview: (_request, { values }) => getOverview(as(values)),
    listServers: (request) => listServers(context, request),
    getServer: (request) => getServer(context, request),
    addServers: (request, { signal, values }) => addServers(as(values), request, signal),
    pauseServers: async ({ ids }, { values }) => ({
      servers: await setServerState(as(values), ids, PAUSE),
    }),
    resumeServers: async ({ ids }, { values }) => ({
      servers: await setServerState(as(values), ids, RESUME),
    }),
    removeServers: async ({ ids }, { values }) => ({
      servers: await setServerState(as(values), ids, REMOVE),
    }),
    restoreServers: async ({ ids }, { values }) => ({
      servers: await setServerState(as(values), ids, RESTORE),
    }),
    setServerTracing: (request, { values }) => setServerTracing(as(values), request),
    listTraceroutes: (request) => listTraceroutes(context, request),
    checkNow: (request, { signal }) =>
      checkNow({ context, onDemand: options.onDemand }, request, signal),
    watchResults: (request, { signal, requestHeader, values }) => {
      // Encoded ahead for all readers alike, a check can be left out for none of them.
      const sameForAll = values.get(CALLER)?.accountId === undefined;
      const isBinary = sameForAll && requestHeader.get("content-type")?.includes("proto") === true;
      return watchResults({ context, feed }, request, { signal, isBinary });
    },
    listMonitors: (request) => listMonitors(context, request),
    getServerHistory: (request) => getServerHistory(context, request),
    listChecks: (request) => listChecks(context, request),
    listResults: (request, { values }) => listResults(as(values), request),
    getCheck: (request) => getCheck(context, request),
    explainScore: (request) => explainScore(context, request),
    simulateReview: (request, { values }) => simulateReview(as(values), request),
    explainAssignment: (request, { values }) => explainAssignment(as(values), request),
    getCoverage: () => getCoverage(context),
    listEvents: (request, { values }) => listEvents(as(values), request),
    getSystem: () => getSystem(context),
    runLoop: (request, { values }) => runLoopNow(as(values), request),
    listRateLimits: () => listRateLimits(context),
    createLogin: (_request, { values }) => createLogin(as(values), options.publicUrl()),
    createMonitor: (request, { values }) => createMonitorCall(as(values), request),
  };
}
