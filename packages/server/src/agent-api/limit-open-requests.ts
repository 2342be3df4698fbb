// What needs no key is the cheapest to flood: beyond a few at once the rest is told to come back, which the agents do by
// themselves.

import type { FastifyInstance, FastifyRequest } from "fastify";
import type { ServerContext } from "../context.ts";
import { ENROLMENT_LIMITS } from "../enrolment/enrolment-limits.ts";
import { refuseCall } from "../http/connect-plugin.ts";
import { refuseInText } from "./error-answers.ts";

const MESSAGE = `more than ${ENROLMENT_LIMITS.openRequestsMax} such requests at once: come back in a second`;
const CODE = "limit_exceeded";
const HEADERS = { "retry-after": "1" } as const;

/** All requests of the scope. */
export function limitOpenRequests(scope: FastifyInstance, context: ServerContext): void {
  const takes = createPlaces();
  scope.addHook("onRequest", async (request, reply) => {
    if (takes(request)) return;
    context.metrics.accessRefused.inc({ reason: "overload" });
    reply.headers(HEADERS);
    await refuseInText(reply, { status: 503, code: CODE, message: MESSAGE });
  });
}

/** Those calls of a Connect service that are open. */
export function limitOpenCalls(
  scope: FastifyInstance,
  context: ServerContext,
  open: (request: FastifyRequest) => boolean,
): void {
  const takes = createPlaces();
  scope.addHook("onRequest", async (request, reply) => {
    if (!open(request) || takes(request)) return;
    context.metrics.accessRefused.inc({ reason: "overload" });
    await refuseCall(reply, {
      status: 429,
      connectCode: "resource_exhausted",
      code: CODE,
      message: MESSAGE,
      headers: HEADERS,
    });
  });
}

/** Whether there is a place for one more; it is free again when its connection is done with it. */
function createPlaces(): (request: FastifyRequest) => boolean {
  const taken = new Set<FastifyRequest>();
  return (request) => {
    if (taken.size >= ENROLMENT_LIMITS.openRequestsMax) return false;
    taken.add(request);
    request.raw.once("close", () => taken.delete(request));
    return true;
  };
}
