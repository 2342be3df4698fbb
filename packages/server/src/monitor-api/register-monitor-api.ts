// monitor.v2.MonitorService: what agents call. One procedure, one file.

import { monitorV2 } from "@truechimer/api";
import type { FastifyInstance } from "fastify";
import type { ServerContext } from "../context.ts";
import { registerConnectService } from "../http/connect-plugin.ts";
import type { ListenerOptions } from "../http/http-options.ts";
import { getConfig } from "./get-config.ts";
import { getServers } from "./get-servers.ts";
import { guardTokens } from "./guard-tokens.ts";
import { submitResults } from "./submit-results.ts";

export function registerMonitorApi(
  scope: FastifyInstance,
  context: ServerContext,
  options: ListenerOptions,
): Promise<void> {
  guardTokens(scope, context);
  return registerConnectService(scope, context, {
    ...options,
    service: monitorV2.MonitorService,
    bodyBytesMax: options.limits.monitorBodyBytesMax,
    grpc: true,
    routes: (router) =>
      router.service(monitorV2.MonitorService, {
        getConfig: (request, { requestHeader }) => getConfig(context, request, requestHeader),
        getServers: (request, { requestHeader }) => getServers(context, request, requestHeader),
        submitResults: (request, { requestHeader }) =>
          submitResults(context, request, requestHeader),
      }),
  });
}
