// The checks that come before a request is answered, and how a refused one is told.

import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { ServerContext } from "../context.ts";
import { type HostHeaders, type HostPolicy, hostProblem } from "./host-guard.ts";

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
