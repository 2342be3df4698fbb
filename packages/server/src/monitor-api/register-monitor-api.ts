// monitor.v2.MonitorService: what agents call. One procedure, one file.

import { monitorV2 } from "@truechimer/api";
import type { FastifyInstance } from "fastify";
import type { ServerContext } from "../context.ts";
import { agentCallOf } from "../enrolment/agent-call.ts";
import { guardAgents } from "../enrolment/guard-agents.ts";
import { registerConnectService } from "../http/connect-plugin.ts";
import type { ListenerOptions } from "../http/http-options.ts";
import { getConfig } from "./get-config.ts";
import { getServers } from "./get-servers.ts";
import { submitResults } from "./submit-results.ts";

export function registerMonitorApi(
  scope: FastifyInstance,
  context: ServerContext,
  options: ListenerOptions,
): Promise<void> {
  const contextValues = guardAgents(scope, context, { tokens: options.agentTokens });
  return registerConnectService(scope, context, {
    ...options,
    service: monitorV2.MonitorService,
    bodyBytesMax: options.limits.monitorBodyBytesMax,
    grpc: true,
    contextValues,
    routes: (router) =>
      router.service(monitorV2.MonitorService, {
        getConfig: (request, call) => getConfig(context, request, agentCallOf(call)),
        getServers: (request, call) => getServers(context, request, agentCallOf(call)),
        submitResults: (request, call) => submitResults(context, request, agentCallOf(call)),
      }),
  });
}
