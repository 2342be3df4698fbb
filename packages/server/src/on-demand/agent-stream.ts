// One stream that an agent holds open to this replica: its presence, and what it is sent.

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { agentV1 } from "@truechimer/api";
import { AppError, createUlid, isUlid, sleep, type UnixNs } from "@truechimer/base";
import { durationFromMs, timestampFromNs } from "../admin-api/admin-message.ts";
import type { ServerContext } from "../context.ts";
import type { CallingAgent } from "../enrolment/authenticate-agent.ts";
import { createEventQueue, type EventQueue } from "./event-queue.ts";
import { type OnDemandTiming, sessionLifeMs } from "./on-demand-timing.ts";
import type { DueRequest } from "./request-rows.ts";
import {
  closeStreamSession,
  openStreamSession,
  refreshStreamSession,
  type StreamSession,
} from "./session-rows.ts";

type WatchEvent = MessageInitShape<typeof agentV1.WatchResponseSchema>;

export type GoodbyeCode =
  | "stopped"
  | "session_taken_over"
  | "certificate_expired"
  | "unauthenticated"
  | "limit_exceeded";

export interface AgentStream extends StreamSession {
  /** False: the stream is at its end, or full. */
  send(request: DueRequest): boolean;
  configurationChanged(): void;
  /** False as with `send`. */
  heartbeat(atNs: UnixNs): boolean;
  /** Why the stream ended. Absent: it goes on, or its agent hung up. */
  readonly endedWith: GoodbyeCode | undefined;
  /** Says goodbye and ends the stream. */
  end(code: GoodbyeCode): void;
  /** Ends it without a word: nobody reads it. */
  close(): void;
  readonly events: AsyncIterable<WatchEvent>;
}

export interface StreamParts {
  readonly context: ServerContext;
  readonly timing: OnDemandTiming;
}

/** Requests and news that wait to be written; an agent that is this far behind begins anew. */
const EVENTS_QUEUED_MAX = 256;
const VERSION_CHARACTERS_MAX = 200;
/** So that a fleet does not come back all at once. */
const LIFE_JITTER = 0.3;
const NS_PER_MS = 1_000_000n;

const GOODBYES: Readonly<Record<GoodbyeCode, string>> = {
  stopped: "the stream ends here: open another",
  session_taken_over: "another run with this agent's identity has opened a stream",
  certificate_expired: "the certificate has ended: open a stream with the new one",
  unauthenticated: "the agent was removed",
  limit_exceeded: "the stream is not read: begin anew",
};

/** Not yet in the database. Fails with `bad_request` when the request makes no sense. */
export function createAgentStream(
  { context }: StreamParts,
  agent: CallingAgent,
  request: agentV1.WatchRequest,
): AgentStream {
  const { sessionId } = request;
  if (!isUlid(sessionId)) throw new AppError("bad_request", "session_id is no ULID");
  const queue: EventQueue<WatchEvent> = createEventQueue(EVENTS_QUEUED_MAX);
  const push = (event: WatchEvent): boolean => queue.push(event);
  let endedWith: GoodbyeCode | undefined;
  return {
    streamId: createUlid(context.clock, context.random),
    sessionId,
    version: printable(request.version),
    monitorIds: agent.monitors.map(({ id }) => id),
    events: queue,
    send: (due) => push({ event: { case: "request", value: requestMessage(due) } }),
    configurationChanged: () => void push({ event: { case: "configurationChanged", value: {} } }),
    heartbeat: (atNs) =>
      push({ event: { case: "heartbeat", value: { at: timestampFromNs(atNs) } } }),
    get endedWith() {
      return endedWith;
    },
    end: (code) => {
      endedWith ??= code;
      push({ event: { case: "goodbye", value: { code, message: GOODBYES[code] } } });
      queue.close();
    },
    close: () => queue.close(),
  };
}

export interface HeldStream {
  readonly stream: AgentStream;
  /** End of the certificate that the stream was opened with. Absent: it was opened without one. */
  readonly notAfterNs: UnixNs | undefined;
  readonly signal: AbortSignal;
}

export function openInDatabase(
  { context, timing }: StreamParts,
  stream: AgentStream,
): Promise<void> {
  return openStreamSession(context.database, stream, { lifeMs: sessionLifeMs(timing) });
}

/** Heartbeats, and the three ends that time brings, until the signal; never rejects. */
export async function keepAlive(
  parts: StreamParts,
  { stream, notAfterNs, signal }: HeldStream,
): Promise<void> {
  const { clock, random } = parts.context;
  const { heartbeatMs, streamLifeMs } = parts.timing;
  const jitter = 1 - LIFE_JITTER * random.fraction();
  const renewAtNs = clock.monotonicNs() + BigInt(Math.round(streamLifeMs * jitter)) * NS_PER_MS;
  for (;;) {
    const certificateMs = notAfterNs === undefined ? Infinity : msUntil(notAfterNs - clock.nowNs());
    const renewalMs = msUntil(renewAtNs - clock.monotonicNs());
    if (certificateMs <= 0) return stream.end("certificate_expired");
    if (renewalMs <= 0) return stream.end("stopped");
    const waitMs = Math.min(heartbeatMs, certificateMs, renewalMs);
    const slept = sleep(clock, waitMs, signal).then(
      () => true,
      () => false,
    );
    if (!(await slept)) return;
    if (waitMs < heartbeatMs) continue;
    if (!stream.heartbeat(clock.nowNs())) return stream.end("limit_exceeded");
  }
}

/** Puts the end of its presence off, and ends it if its place was taken; never rejects. */
export async function verifyStream(
  { context, timing }: StreamParts,
  stream: AgentStream,
): Promise<void> {
  try {
    const { database } = context;
    const state = await refreshStreamSession(database, stream, { lifeMs: sessionLifeMs(timing) });
    if (state === "taken") stream.end("session_taken_over");
    if (state === "removed") stream.end("unauthenticated");
  } catch (error) {
    // The database is away: the agent is here, and nobody can ask it anything anyway.
    context.logger.warn({ error, stream: stream.streamId }, "a stream's presence was not noted");
  }
}

function msUntil(leftNs: bigint): number {
  return Math.ceil(Number(leftNs) / Number(NS_PER_MS));
}

/** Never rejects: what is not noted now expires by itself. */
export async function closeInDatabase(
  { context }: StreamParts,
  stream: AgentStream,
): Promise<void> {
  try {
    await closeStreamSession(context.database, stream.streamId);
  } catch (error) {
    context.logger.warn({ error, stream: stream.streamId }, "the end of a stream was not noted");
  }
}

export function helloEvent({ heartbeatMs }: OnDemandTiming): WatchEvent {
  return {
    event: { case: "hello", value: { heartbeatInterval: durationFromMs(heartbeatMs) } },
  };
}

function requestMessage(due: DueRequest): agentV1.OnDemandRequest {
  return create(agentV1.OnDemandRequestSchema, {
    id: due.requestId,
    monId: due.monitorAddress,
    expiresAt: timestampFromNs(due.expiresAtNs),
    ipBytes: due.address.bytes,
    port: due.port,
    kind: due.kind === "ntp" ? { case: "ntpCheck", value: {} } : { case: "traceroute", value: {} },
  });
}

function printable(text: string): string {
  return text.slice(0, VERSION_CHARACTERS_MAX).replace(/[^\x20-\x7e]/g, "?");
}
