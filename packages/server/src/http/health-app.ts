// The listener of a process without the API: health and metrics, and nothing else.

import type { FastifyInstance } from "fastify";
import type { ServerContext } from "../context.ts";
import { registerHealth } from "./health-routes.ts";
import type { HostPolicy } from "./host-guard.ts";
import type { HttpLimits } from "./http-options.ts";
import { createListener } from "./listener.ts";
import { registerMetrics } from "./metrics-route.ts";
import { guardHost } from "./request-guards.ts";

export async function createHealthApp(
  context: ServerContext,
  { limits, hosts }: { readonly limits: HttpLimits; readonly hosts: HostPolicy },
): Promise<FastifyInstance> {
  const app = createListener(context, { limits });
  registerHealth(app, context);
  await app.register(async (scope) => {
    guardHost(scope, context, hosts);
    registerMetrics(scope, context);
  });
  return app;
}
