// What agents may ask of us, the same on every listener. Each part turns away whom it does not know.

import type { FastifyInstance } from "fastify";
import { registerAgentApi } from "../agent-api/register-agent-api.ts";
import { registerAgentHttp } from "../agent-api/register-agent-http.ts";
import type { ServerContext } from "../context.ts";
import { registerMonitorApi } from "../monitor-api/register-monitor-api.ts";
import type { ListenerOptions } from "./http-options.ts";

export async function registerAgentRoutes(
  app: FastifyInstance,
  context: ServerContext,
  options: ListenerOptions,
): Promise<void> {
  await app.register(async (scope) => registerMonitorApi(scope, context, options));
  await app.register(async (scope) => registerAgentApi(scope, context, options));
  await app.register(async (scope) => registerAgentHttp(scope, context, options));
}
