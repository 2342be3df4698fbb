// The listener for people and their programs: health, metrics, both sides' services, and the dashboard's files.

import type { FastifyInstance } from "fastify";
import { registerAdminApi } from "../admin-api/register-admin-api.ts";
import { registerAlertsApi } from "../alerts-api/register-alerts-api.ts";
import { registerAnalyticsApi } from "../analytics-api/register-analytics-api.ts";
import type { ServerContext } from "../context.ts";
import { registerExports } from "../exports/export-routes.ts";
import { LOAD_STATUS_HEADER, loadStatusText } from "../history/load-status.ts";
import { registerOidc } from "../oidc/oidc-routes.ts";
import { registerOnDemandRoutes } from "../on-demand/on-demand-routes.ts";
import { registerPeopleApi } from "../people-api/register-people-api.ts";
import { registerRulesApi } from "../rules/register-rules-api.ts";
import { registerScoreLog } from "../score-log/score-log-routes.ts";
import { registerSignInApi } from "../sign-in-api/register-sign-in-api.ts";
import { registerAgentRoutes } from "./agent-routes.ts";
import { registerDashboard } from "./dashboard-routes.ts";
import { registerHealth } from "./health-routes.ts";
import type { HttpAppOptions } from "./http-options.ts";
import { createListener } from "./listener.ts";
import { registerMetrics } from "./metrics-route.ts";
import { registerOpenApi } from "./openapi-route.ts";
import { guardHost } from "./request-guards.ts";

export async function createHttpApp(
  context: ServerContext,
  options: HttpAppOptions,
): Promise<FastifyInstance> {
  const app = createListener(context, { limits: options.limits });
  const { history } = context;
  if (history !== undefined) {
    app.addHook("onRequest", async (_request, reply) => {
      // On the raw answer too: what streams its answers writes past Fastify.
      reply.raw.setHeader(LOAD_STATUS_HEADER, loadStatusText(history.progress()));
    });
  }
  registerHealth(app, context);
  await registerAgentRoutes(app, context, options);
  await app.register(async (scope) => registerAdminApi(scope, context, options));
  await app.register(async (scope) => registerExports(scope, context, options));
  await app.register(async (scope) => registerScoreLog(scope, context, options));
  await app.register(async (scope) => registerPeopleApi(scope, context, options));
  await app.register(async (scope) => registerSignInApi(scope, context, options));
  await app.register(async (scope) => registerOidc(scope, context, options));
  await app.register(async (scope) => registerAlertsApi(scope, context, options));
  await app.register(async (scope) => registerAnalyticsApi(scope, context, options));
  await app.register(async (scope) => registerRulesApi(scope, context, options));
  await app.register(async (scope) => {
    guardHost(scope, context, options.hosts);
    registerMetrics(scope, context);
    registerOpenApi(scope, { version: context.version, publicUrl: options.publicUrl });
  });
  await app.register(async (scope) => registerOnDemandRoutes(scope, context, options));
  await registerDashboard(app, context, options);
  return app;
}
