// What Prometheus scrapes.

import type { FastifyInstance } from "fastify";
import type { ServerContext } from "../context.ts";

export function registerMetrics(scope: FastifyInstance, { metricsRegistry }: ServerContext): void {
  scope.get("/metrics", async (_request, reply) => {
    const { contentType, text } = await metricsRegistry.scrape();
    await reply.header("content-type", contentType).header("cache-control", "no-store").send(text);
  });
}
