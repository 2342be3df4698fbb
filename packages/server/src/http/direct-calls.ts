// Unary calls of the Connect protocol answered straight on Node's HTTP server: the form that every agent sends (POST,
// binary messages, a length, a client certificate that this connection was asked for lately). Whatever is out of the
// ordinary is left to Fastify and Connect, which answer the same procedures (docs/adr/0020).

import type { IncomingMessage, ServerResponse } from "node:http";
import type { TLSSocket } from "node:tls";
import {
  type DescMessage,
  type DescMethodUnary,
  fromBinary,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { ServerContext } from "../context.ts";
import type { AgentCall } from "../enrolment/agent-call.ts";
import { agentKey } from "../enrolment/agent-credential.ts";
import { limitHeaders, limitRefusal, type Verdict } from "../limits/verdict.ts";
import { placesOf, type ServicePlaces } from "./call-places.ts";
import type { CallsInFlight } from "./calls-in-flight.ts";
import type { ConnectionIdentities, ConnectionIdentity } from "./connection-identity.ts";
import { answerError, answerMessage, answerRefusal, type DirectAnswer } from "./direct-answer.ts";
import { isPlainCall, readBody } from "./direct-request.ts";
import { observeCall } from "./observe-call.ts";

/** One procedure of a service, from the bytes of its request to those of its answer. */
export interface DirectProcedure {
  readonly service: string;
  readonly method: string;
  /** Throws when they are no such message. */
  readonly open: (body: Uint8Array) => (call: AgentCall) => Promise<Uint8Array>;
}

export function directProcedure<Input extends DescMessage, Output extends DescMessage>(
  method: DescMethodUnary<Input, Output>,
  answer: (
    request: MessageShape<Input>,
    call: AgentCall,
    body: Uint8Array,
  ) => Promise<MessageShape<Output>>,
): DirectProcedure {
  return {
    service: method.parent.typeName,
    method: method.name,
    open: (body) => {
      const request = fromBinary(method.input, body);
      return async (call) => toBinary(method.output, await answer(request, call, body));
    },
  };
}

export interface DirectCallsOptions {
  readonly procedures: readonly DirectProcedure[];
  readonly identities: ConnectionIdentities;
  readonly calls: CallsInFlight;
  readonly bodyBytesMax: number;
}

/** Gives whether the request is answered here. */
export type AnswersDirectly = (request: IncomingMessage, response: ServerResponse) => boolean;

export function createDirectCalls(
  context: ServerContext,
  options: DirectCallsOptions,
): AnswersDirectly {
  const { calls, identities, bodyBytesMax } = options;
  const doors = new Map(
    options.procedures.map((procedure) => {
      const places = placesOf(context, calls, procedure.service);
      return [`/${procedure.service}/${procedure.method}`, { procedure, places }];
    }),
  );
  return (request, response) => {
    const door = doors.get(request.url ?? "");
    if (door === undefined || !isPlainCall(request, bodyBytesMax)) return false;
    const connection = identities.known(request.socket as TLSSocket);
    if (connection === undefined) return false;
    answerCall(context, calls, { ...door, request, response, connection }).catch(
      (error: unknown) => {
        context.logger.error({ error, path: request.url }, "request failed");
        response.destroy();
      },
    );
    return true;
  };
}

interface DirectCall {
  readonly procedure: DirectProcedure;
  readonly places: ServicePlaces;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly connection: ConnectionIdentity;
}

/** In the order of Fastify's hooks: who calls, how often, how many at once. */
async function answerCall(
  context: ServerContext,
  calls: CallsInFlight,
  call: DirectCall,
): Promise<void> {
  const { places, request, connection } = call;
  const { tlsName, serial } = connection.identity;
  const credential = { kind: "certificate", tlsName, serial } as const;
  const taken = context.limits.take("agent_calls", agentKey(credential));
  const verdict = taken instanceof Promise ? await taken : taken;
  const told = answerTo(context, call, verdict);
  if (!verdict.passed) {
    context.metrics.accessRefused.inc({ reason: "rate_limit" });
    answerRefusal(told, limitRefusal(verdict));
    return;
  }
  const place = context.limits.place("calls_in_flight", places.taken.taken);
  if (!place.passed) {
    context.metrics.accessRefused.inc({ reason: "overload" });
    answerRefusal(told, limitRefusal(place));
    return;
  }
  places.count(1);
  try {
    const body = await readBody(request);
    // Absent: the caller has gone.
    if (body === undefined) return;
    const header = (name: string): string | undefined => headerOf(request, name);
    await perform(context, calls, { ...call, told, body, agent: { header, credential } });
  } finally {
    places.count(-1);
  }
}

function answerTo(
  { health, clock }: ServerContext,
  { request, response, connection }: DirectCall,
  verdict: Verdict,
): DirectAnswer {
  // Whoever is told does not begin its next request on a connection that is about to end.
  const closes = health.stopping || clock.nowNs() > connection.closeAfterNs;
  return {
    response,
    acceptEncoding: headerOf(request, "accept-encoding"),
    headers: { ...limitHeaders(verdict), ...(closes ? { connection: "close" } : {}) },
  };
}

function headerOf({ headers }: IncomingMessage, name: string): string | undefined {
  const value = headers[name];
  return typeof value === "string" ? value : value?.join(", ");
}

async function perform(
  context: ServerContext,
  calls: CallsInFlight,
  call: DirectCall & {
    readonly told: DirectAnswer;
    readonly body: Uint8Array;
    readonly agent: AgentCall;
  },
): Promise<void> {
  const { procedure, request, told, agent } = call;
  const opened = openBody(procedure, call.body);
  if (opened instanceof ConnectError) {
    answerError(context, told, opened);
    return;
  }
  const observed = {
    service: procedure.service,
    method: procedure.method,
    traceparent: agent.header("traceparent"),
    isGone: () => request.socket.destroyed,
  };
  try {
    await answerMessage(told, await observeCall(context, calls, observed, () => opened(agent)));
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    answerError(context, told, error);
  }
}

/** In Connect's words. */
function openBody(
  { open }: DirectProcedure,
  body: Uint8Array,
): ReturnType<DirectProcedure["open"]> | ConnectError {
  try {
    return open(body);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return new ConnectError(`parse binary: ${message}`, Code.Internal);
  }
}
