// One Connect service behind Fastify: errors become answers in one place, calls are counted and timed, and too many at
// once are turned away before their bodies are read. Whoever may not call was turned away before, and is not counted.

import type { DescService } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  type ConnectRouter,
  type ContextKey,
  type ContextValues,
  createContextKey,
  createContextValues,
  type Interceptor,
} from "@connectrpc/connect";
import { fastifyConnectPlugin } from "@connectrpc/connect-fastify";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { ServerContext } from "../context.ts";
import { limitRefusal } from "../limits/verdict.ts";
import { placesOf } from "./call-places.ts";
import type { CallsInFlight } from "./calls-in-flight.ts";
import { codeForeignRefusals } from "./code-refusals.ts";
import { ERROR_CODE_HEADER } from "./connect-error.ts";
import type { ListenerOptions } from "./http-options.ts";
import { observeCall } from "./observe-call.ts";
import { releaseAnswers } from "./release-answers.ts";

export interface ConnectServiceOptions {
  readonly service: DescService;
  readonly routes: (router: ConnectRouter) => void;
  readonly bodyBytesMax: number;
  /** gRPC and gRPC-Web beside Connect. */
  readonly grpc: boolean;
  /** What the guards before found out, for the handlers. */
  readonly contextValues?: (request: FastifyRequest) => ContextValues;
}

export async function registerConnectService(
  scope: FastifyInstance,
  context: ServerContext,
  options: ConnectServiceOptions & ListenerOptions,
): Promise<void> {
  codeForeignRefusals(scope, context);
  const slots = limitCallsInFlight(scope, context, options);
  await scope.register(fastifyConnectPlugin, {
    routes: (router) => {
      options.routes(router);
      releaseAnswers(router);
    },
    interceptors: [holdSlots, observeCalls(context, options.calls)],
    readMaxBytes: options.bodyBytesMax,
    shutdownSignal: options.shutdownSignal,
    grpc: options.grpc,
    grpcWeb: options.grpc,
    contextValues: (request) =>
      (options.contextValues?.(request) ?? createContextValues()).set(SLOT, slots.get(request)),
  });
}

/** The place of a call among those that are answered at once. */
interface CallSlot {
  /** The handler has begun: what becomes of the connection no longer matters. */
  begin(): void;
  release(): void;
}

const SLOT: ContextKey<CallSlot | undefined> = createContextKey<CallSlot | undefined>(undefined);

/** A caller that hangs up leaves its work behind, and the place stays taken until that is done. */
const holdSlots: Interceptor = (next) => async (request) => {
  const slot = request.contextValues.get(SLOT);
  slot?.begin();
  try {
    return await next(request);
  } finally {
    slot?.release();
  }
};

function limitCallsInFlight(
  scope: FastifyInstance,
  context: ServerContext,
  { service, calls }: ConnectServiceOptions & ListenerOptions,
): WeakMap<FastifyRequest, CallSlot> {
  const slots = new WeakMap<FastifyRequest, CallSlot>();
  const { taken, count } = placesOf(context, calls, service.typeName);
  scope.addHook("onRequest", async (request, reply) => {
    const place = context.limits.place("calls_in_flight", taken.taken);
    if (!place.passed) {
      context.metrics.accessRefused.inc({ reason: "overload" });
      await refuseCall(reply, limitRefusal(place));
      return;
    }
    const slot = createSlot(count);
    slots.set(request, slot);
    // Of a call that never comes to its handler: a bad method, a body that breaks off.
    reply.raw.once("close", slot.closed);
  });
  return slots;
}

function createSlot(count: (by: 1 | -1) => void): CallSlot & { readonly closed: () => void } {
  let state: "waiting" | "answering" | "released" = "waiting";
  const release = (): void => {
    if (state !== "released") count(-1);
    state = "released";
  };
  count(1);
  return {
    begin: () => {
      if (state === "released") count(1);
      state = "answering";
    },
    release,
    closed: () => {
      if (state === "waiting") release();
    },
  };
}

export interface CallRefusal {
  readonly status: number;
  /** As Connect writes it. */
  readonly connectCode: string;
  /** Ours. */
  readonly code: string;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer in Connect's form before Connect has seen the request. */
export async function refuseCall(reply: FastifyReply, refusal: CallRefusal): Promise<void> {
  await reply
    .code(refusal.status)
    .headers({ ...refusal.headers, [ERROR_CODE_HEADER]: refusal.code })
    .type("application/json")
    .send(JSON.stringify({ code: refusal.connectCode, message: refusal.message }));
}

function observeCalls(context: ServerContext, calls: CallsInFlight): Interceptor {
  return (next) => async (request) => {
    const call = {
      service: request.service.typeName,
      method: request.method.name,
      traceparent: request.header.get("traceparent") ?? undefined,
      isGone: () => request.signal.aborted,
    };
    return observeCall(context, calls, call, () => next(request));
  };
}

/** What calls that outlive the stop are told. */
export function shutdownError(): ConnectError {
  return new ConnectError("this replica stops: try again", Code.Unavailable, {
    [ERROR_CODE_HEADER]: "stopped",
    "retry-after": "1",
  });
}
