// What needs no key is the cheapest to flood: beyond a few at once the rest is told to come back, which the agents do by
// themselves.

import type { FastifyInstance, FastifyRequest } from "fastify";
import type { ServerContext } from "../context.ts";
import { type CallRefusal, refuseCall } from "../http/connect-plugin.ts";
import { strangerRefusal } from "../limits/limit-callers.ts";
import { limitRefusal, type Verdict } from "../limits/verdict.ts";
import { refuseInText } from "./error-answers.ts";

/** All requests of the scope. */
export function limitOpenRequests(scope: FastifyInstance, context: ServerContext): void {
  const takes = createPlaces(context);
  scope.addHook("onRequest", async (request, reply) => {
    const stranger = strangerRefusal(context, request);
    const refusal = stranger ?? placeRefusal(context, takes(request));
    if (refusal === undefined) return;
    reply.headers(refusal.headers ?? {});
    const { code, message } = refusal;
    // Below 500 the agents of the NTP Pool give up.
    await refuseInText(reply, { status: 503, code, message });
  });
}

/** Those calls of a Connect service that are open. */
export function limitOpenCalls(
  scope: FastifyInstance,
  context: ServerContext,
  open: (request: FastifyRequest) => boolean,
): void {
  const takes = createPlaces(context);
  scope.addHook("onRequest", async (request, reply) => {
    if (!open(request)) return;
    const stranger = strangerRefusal(context, request);
    const refusal = stranger ?? placeRefusal(context, takes(request));
    if (refusal !== undefined) await refuseCall(reply, refusal);
  });
}

/** Whether there is a place for one more; it is free again when its connection is done with it. */
function createPlaces({ limits }: ServerContext): (request: FastifyRequest) => Verdict {
  const taken = new Set<FastifyRequest>();
  return (request) => {
    const place = limits.place("open_requests", taken.size);
    if (!place.passed) return place;
    taken.add(request);
    request.raw.once("close", () => taken.delete(request));
    return place;
  };
}

function placeRefusal({ metrics }: ServerContext, place: Verdict): CallRefusal | undefined {
  if (place.passed) return undefined;
  metrics.accessRefused.inc({ reason: "overload" });
  return limitRefusal(place);
}
