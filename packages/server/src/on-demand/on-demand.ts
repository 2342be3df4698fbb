// On demand, as one replica does it: holds agents' streams, delivers what any replica asks, takes answers, and tells
// those who wait here. All that counts is in the database, so that a question, its monitors and its answers may each be
// at another replica.

import type { MessageInitShape } from "@bufbuild/protobuf";
import type { agentV1 } from "@truechimer/api";
import { AppError, sleep, type UnixNs } from "@truechimer/base";
import type { ServerContext } from "../context.ts";
import type { CallingAgent } from "../enrolment/authenticate-agent.ts";
import { limitExceeded } from "../limits/verdict.ts";
import {
  type AgentStream,
  closeInDatabase,
  createAgentStream,
  helloEvent,
  keepAlive,
  openInDatabase,
  verifyStream,
} from "./agent-stream.ts";
import { createCoalescedRun } from "./coalesced-run.ts";
import { createMqttHub, type MqttHub } from "./mqtt-hub.ts";
import { createNoticeBus, type HeardNotice } from "./notice-bus.ts";
import { ON_DEMAND_TIMING, type OnDemandTiming, sessionLifeMs } from "./on-demand-timing.ts";
import { ask, type Question, type QuestionEvent } from "./question.ts";
import { takeForResumed, takeForStreams } from "./request-rows.ts";
import { refreshStreamSessions } from "./session-rows.ts";

type WatchEvent = MessageInitShape<typeof agentV1.WatchResponseSchema>;

export interface OnDemand extends AsyncDisposable {
  start(): Promise<void>;
  /** The stream of one agent. Ends with a goodbye, or when the signal is aborted. */
  watch(
    agent: CallingAgent,
    request: agentV1.WatchRequest,
    caller: { readonly notAfterNs: UnixNs | undefined; readonly signal: AbortSignal },
  ): AsyncGenerator<WatchEvent, void>;
  ask(question: Question, signal: AbortSignal): AsyncGenerator<QuestionEvent, void>;
  /** Ends all streams with a goodbye; the listeners can close then. Further ones are refused. */
  sayGoodbye(): void;
}

export interface OnDemandOptions {
  readonly timing: Partial<OnDemandTiming>;
}

const REPLICA_FULL_RETRY_MS = 30_000;

export function createOnDemand(context: ServerContext, options: OnDemandOptions): OnDemand {
  const timing = { ...ON_DEMAND_TIMING, ...options.timing };
  const bus = createNoticeBus(context, timing);
  const hub: MqttHub | undefined =
    context.mqtt === undefined ? undefined : createMqttHub(context, context.mqtt);
  const streams = new Map<string, AgentStream>();
  const stopping = new AbortController();
  const ending = new AbortController();
  let questions = 0;

  const deliver = async (): Promise<void> => {
    if (streams.size === 0) return;
    try {
      const due = await takeForStreams(context.database, [...streams.keys()]);
      for (const request of due) streams.get(request.streamId)?.send(request);
    } catch (error) {
      context.logger.warn({ error }, "requests on demand were not delivered");
    }
  };
  const delivering = createCoalescedRun(deliver);
  const hold = (stream: AgentStream): void => {
    streams.set(stream.streamId, stream);
    context.metrics.agentStreams.set({}, streams.size);
    if (stopping.signal.aborted) stream.end("stopped");
  };
  const letGo = (stream: AgentStream): void => {
    streams.delete(stream.streamId);
    context.metrics.agentStreams.set({}, streams.size);
  };
  const endReplaced = (notice: HeardNotice & { readonly kind: "opened" }): void => {
    for (const stream of streams.values()) {
      const { streamId, sessionId, monitorIds } = stream;
      if (streamId === notice.streamId) continue;
      if (!monitorIds.some((id) => notice.monitorIds.includes(id))) continue;
      // The agent itself has opened another one; or somebody else has, which the rows must say: notices come late.
      if (sessionId === notice.sessionId) stream.end("stopped");
      else void verifyStream({ context, timing }, stream);
    }
  };
  const onNotice = (notice: HeardNotice): void => {
    switch (notice.kind) {
      case "asked":
      case "look":
        delivering.wake();
        hub?.deliver();
        break;
      case "opened":
        endReplaced(notice);
        break;
      case "configuration":
        for (const stream of streams.values()) {
          const { monitorId } = notice;
          if (monitorId === undefined || stream.monitorIds.includes(monitorId))
            stream.configurationChanged();
        }
        break;
      case "answered":
        break;
    }
  };
  const unsubscribe = bus.subscribe(onNotice);
  let presence: Promise<void> = Promise.resolve();
  /** All streams in one statement, so that what presence costs does not grow with each agent's heartbeat. */
  const keepPresent = async (): Promise<void> => {
    for (;;) {
      await sleep(context.clock, timing.heartbeatMs, ending.signal);
      const held = await stillHeld(context, [...streams.keys()], timing);
      for (const stream of streams.values()) {
        if (held?.has(stream.streamId) === false) void verifyStream({ context, timing }, stream);
      }
    }
  };

  return {
    start: async () => {
      await bus.start();
      presence = keepPresent().catch(() => undefined);
      hub?.start();
    },
    watch: async function* (agent, request, { notAfterNs, signal }) {
      requireRoom(context, streams.size, stopping.signal);
      const parts = { context, timing };
      const stream = createAgentStream(parts, agent, request);
      const ended = new AbortController();
      const onGone = (): void => stream.close();
      signal.addEventListener("abort", onGone, { once: true });
      try {
        await openInDatabase(parts, stream);
        hold(stream);
        yield helloEvent(timing);
        const { streamId, sessionId } = stream;
        const { lastRequestId } = request;
        const open = await takeForResumed(context.database, { streamId, sessionId, lastRequestId });
        for (const due of open) stream.send(due);
        void keepAlive(parts, { stream, notAfterNs, signal: ended.signal });
        yield* stream.events;
      } finally {
        signal.removeEventListener("abort", onGone);
        ended.abort(new Error("the stream ended"));
        letGo(stream);
        // One that was asked to come back is not called away meanwhile.
        if (stream.endedWith !== "stopped") await closeInDatabase(parts, stream);
      }
    },
    ask: async function* (question, signal) {
      const place = context.limits.place("questions_waiting", questions);
      if (!place.passed) {
        throw limitExceeded(
          { ...place, resetMs: timing.ntpAnswerMs },
          `more than ${place.limit.max} questions are waited for at once: ask again in a moment`,
        );
      }
      questions += 1;
      try {
        yield* ask(question, {
          context,
          bus,
          timing,
          brokerUsed: hub !== undefined,
          signal: AbortSignal.any([signal, stopping.signal]),
        });
      } finally {
        questions -= 1;
      }
    },
    sayGoodbye: () => {
      stopping.abort(new AppError("stopped", "this replica stops: ask another"));
      for (const stream of streams.values()) stream.end("stopped");
    },
    [Symbol.asyncDispose]: async () => {
      unsubscribe();
      ending.abort(new Error("stopped"));
      await presence;
      stopping.abort(new AppError("stopped", "this replica stops: ask another"));
      await hub?.[Symbol.asyncDispose]();
      await bus[Symbol.asyncDispose]();
      await delivering.settled();
    },
  };
}

/** Absent: the database is away, so nobody knows. */
async function stillHeld(
  { database, logger }: ServerContext,
  streamIds: readonly string[],
  timing: OnDemandTiming,
): Promise<ReadonlySet<string> | undefined> {
  if (streamIds.length === 0) return undefined;
  try {
    return await refreshStreamSessions(database, streamIds, { lifeMs: sessionLifeMs(timing) });
  } catch (error) {
    logger.warn({ error }, "the presence of agents was not noted");
    return undefined;
  }
}

function requireRoom({ limits }: ServerContext, held: number, stopping: AbortSignal): void {
  stopping.throwIfAborted();
  const place = limits.place("agent_streams", held);
  if (place.passed) return;
  throw limitExceeded(
    { ...place, resetMs: REPLICA_FULL_RETRY_MS },
    `this replica holds ${place.limit.max} streams: open one to another replica`,
  );
}
