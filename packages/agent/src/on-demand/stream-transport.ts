// A stream that the agent holds open to any replica of its control plane: presence and requests come down on it, answers
// go up as calls of their own. No broker is needed, and nothing listens on the agent's side.

import { durationMs } from "@bufbuild/protobuf/wkt";
import { type Client, Code, ConnectError, createClient } from "@connectrpc/connect";
import { agentV1 } from "@truechimer/api";
import {
  type Clock,
  createUlid,
  ipAddressFromBytes,
  ok,
  parseIpAddress,
  type Random,
  type Result,
  refused,
  sleep,
  type UnixNs,
} from "@truechimer/base";
import type { Logger } from "@truechimer/telemetry";
import { type BackOffPolicy, backOffDelayMs } from "../back-off.ts";
import { type CreateTransport, identifiedCall } from "../monitor-client.ts";
import type { AgentCredentials } from "../monitor-source.ts";
import { nsFromTimestamp } from "../protobuf-time.ts";
import { rpcFailureFrom } from "../rpc-failure.ts";
import type { CheckTarget } from "../run-check.ts";
import type { SessionTakeover } from "../session-takeover.ts";
import { answerResult } from "./agent-answer.ts";
import type {
  OnDemandHandlers,
  OnDemandKind,
  OnDemandRequest,
  OnDemandTransport,
} from "./on-demand-transport.ts";

export interface StreamTransportOptions {
  readonly createTransport: CreateTransport;
  readonly credentials: Pick<AgentCredentials, "bearer">;
  readonly userAgent: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Not owned. Absent: the stream itself waits when it was taken over, and nobody else is told. */
  readonly sessionTakeover?: SessionTakeover | undefined;
  /** Called when a stream opens and when it is gone. */
  readonly onOnline?: (online: boolean) => void;
}

export interface StreamTransport extends OnDemandTransport {
  /** Ends the stream and opens another at once: the credentials or the monitors have changed. */
  reopen(): void;
  /** The peer has no such service: it is a control plane of the NTP Pool. */
  readonly unknownToPeer: boolean;
}

const BACK_OFF: BackOffPolicy = { firstMs: 1_000, factor: 2, jitter: 0.3, maxMs: 60_000 };
/** A replica that stops sends many away at once. */
const GOODBYE_DELAY_MS_MAX = 2_000;
/** A control plane without this service may get it with its next version. */
const UNKNOWN_DELAY_MS = 3_600_000;
/** The first heartbeat's interval is told by the hello; until then this. */
const HELLO_TIMEOUT_MS = 15_000;
const HEARTBEATS_MISSED_MAX = 2;
const HEARTBEAT_MS_MIN = 50;
const HEARTBEAT_MS_MAX = 120_000;
const ANSWER_TIMEOUT_MS = 10_000;
const NTP_PORT = 123;
const PORT_MAX = 65_535;

/** How a stream ended, and so what to do next. */
type StreamEnd =
  | { readonly kind: "goodbye"; readonly code: string; readonly message: string }
  | { readonly kind: "broken"; readonly error: unknown }
  | { readonly kind: "reopened" };

export function createStreamTransport(options: StreamTransportOptions): StreamTransport {
  const { clock, random, logger, sessionTakeover } = options;
  const client: Client<typeof agentV1.AgentService> = createClient(
    agentV1.AgentService,
    options.createTransport([identifiedCall(options)]),
  );
  const sessionId = createUlid(clock, random);
  const ending = new AbortController();
  let running: Promise<void> | undefined;
  let stream: AbortController | undefined;
  let lastRequestId: string | undefined;
  let online = false;
  let unknownToPeer = false;
  let reopening = false;

  const setOnline = (value: boolean): void => {
    if (online === value) return;
    online = value;
    if (value) sessionTakeover?.connected();
    else sessionTakeover?.disconnected();
    options.onOnline?.(value);
  };

  const hold = async (handlers: OnDemandHandlers): Promise<StreamEnd> => {
    stream = new AbortController();
    const signal = AbortSignal.any([ending.signal, stream.signal]);
    const watchdog = createWatchdog(clock, stream);
    try {
      watchdog.feed(HELLO_TIMEOUT_MS);
      let heartbeatMs = HELLO_TIMEOUT_MS;
      const events = client.watch(
        {
          sessionId,
          version: options.userAgent,
          ...(lastRequestId === undefined ? {} : { lastRequestId }),
        },
        { signal },
      );
      for await (const { event } of events) {
        if (event.case === "hello") {
          heartbeatMs = heartbeatInterval(event.value);
          setOnline(true);
        }
        watchdog.feed(heartbeatMs * HEARTBEATS_MISSED_MAX);
        if (event.case === "request") {
          lastRequestId = event.value.id;
          handlers.onRequest(requestOf(event.value, { client, clock }));
        }
        if (event.case === "configurationChanged") handlers.onConfigurationChanged();
        if (event.case === "goodbye") return { kind: "goodbye", ...event.value };
      }
      return { kind: "broken", error: new Error("the stream ended without a goodbye") };
    } catch (error) {
      if (reopening) return { kind: "reopened" };
      return { kind: "broken", error: watchdog.reason ?? error };
    } finally {
      watchdog.cancel();
      setOnline(false);
      stream.abort();
    }
  };

  const run = async (handlers: OnDemandHandlers): Promise<void> => {
    let failures = 0;
    while (!ending.signal.aborted) {
      reopening = false;
      const openedNs = clock.monotonicNs();
      const end = await hold(handlers);
      if (ending.signal.aborted) return;
      // One that was open for a while begins to count anew.
      if (clock.monotonicNs() - openedNs > STEADY_NS) failures = 0;
      failures = end.kind === "broken" ? failures + 1 : 0;
      const delayMs = delayAfter(end, failures);
      await sleep(clock, delayMs, ending.signal).catch(() => undefined);
    }
  };

  const delayAfter = (end: StreamEnd, failures: number): number => {
    switch (end.kind) {
      case "reopened":
        return 0;
      case "goodbye":
        return delayAfterGoodbye(end);
      case "broken": {
        unknownToPeer = isUnknownService(end.error);
        const { code, message, retryAfterMs } = rpcFailureFrom(end.error);
        if (unknownToPeer) {
          logger.info({}, "the control plane has no on-demand stream: asked again in an hour");
          return UNKNOWN_DELAY_MS;
        }
        logger.warn({ code, detail: message }, "on-demand stream broke");
        return retryAfterMs ?? backOffDelayMs(BACK_OFF, failures, random);
      }
    }
  };

  const delayAfterGoodbye = ({
    code,
    message,
  }: StreamEnd & { readonly kind: "goodbye" }): number => {
    logger.info({ code, detail: message }, "on-demand stream ended by the control plane");
    switch (code) {
      case "session_taken_over":
        sessionTakeover?.takenOver();
        return sessionTakeover?.reconnectDelayMs ?? TAKEN_OVER_DELAY_MS;
      case "certificate_expired":
        // The new one is offered by the next connection, or the old one is refused and the back-off begins.
        return 0;
      case "unauthenticated":
        return BACK_OFF.maxMs;
      default:
        return GOODBYE_DELAY_MS_MAX * random.fraction();
    }
  };

  return {
    get online() {
      return online;
    },
    get unknownToPeer() {
      return unknownToPeer;
    },
    start: (handlers) => {
      running ??= run(handlers);
    },
    reopen: () => {
      reopening = true;
      stream?.abort();
    },
    [Symbol.asyncDispose]: async () => {
      ending.abort(new Error("stopped"));
      await running;
    },
  };
}

/** Long enough that the connection itself was good. */
const STEADY_NS = 30_000_000_000n;
const TAKEN_OVER_DELAY_MS = 120_000;

interface Watchdog {
  /** Nothing for longer than this means that the stream is dead, whatever TCP believes. */
  feed(withinMs: number): void;
  cancel(): void;
  /** Set when it bit. */
  readonly reason: Error | undefined;
}

function createWatchdog(clock: Clock, stream: AbortController): Watchdog {
  let cancel = (): void => {};
  let reason: Error | undefined;
  return {
    feed: (withinMs) => {
      cancel();
      cancel = clock.setTimer(withinMs, () => {
        reason = new ConnectError(`nothing was heard for ${withinMs} ms`, Code.Unavailable);
        stream.abort(reason);
      });
    },
    cancel: () => cancel(),
    get reason() {
      return reason;
    },
  };
}

function heartbeatInterval({ heartbeatInterval: told }: agentV1.Hello): number {
  const ms = told === undefined ? HELLO_TIMEOUT_MS : durationMs(told);
  return Math.min(Math.max(ms, HEARTBEAT_MS_MIN), HEARTBEAT_MS_MAX);
}

function isUnknownService(error: unknown): boolean {
  const { code, metadata } = ConnectError.from(error);
  // A server of ours answers a missing procedure in our own form; any other with 404 or 501.
  return code === Code.Unimplemented && !metadata.has("truechimer-error-code");
}

interface RequestParts {
  readonly client: Client<typeof agentV1.AgentService>;
  readonly clock: Clock;
}

function requestOf(
  message: agentV1.OnDemandRequest,
  { client, clock }: RequestParts,
): OnDemandRequest {
  const { id, monId, ipBytes, expiresAt } = message;
  const monitor = parseIpAddress(monId);
  const target = targetOf(message);
  const kind = kindOf(message);
  return {
    id,
    kind,
    monitorAddress: monitor.ok ? monitor.value : undefined,
    expiresAtNs: expiresAt === undefined ? undefined : nsFromTimestamp(expiresAt),
    target: monitor.ok ? target : refused(`mon_id: ${monitor.error}`),
    answer: async (outcome) => {
      const nowNs: UnixNs = clock.nowNs();
      const answered = { kind, ipBytes, target: target.ok ? target.value : undefined, nowNs };
      await client.answer(
        { requestId: id, monId, result: answerResult(answered, outcome) },
        { timeoutMs: ANSWER_TIMEOUT_MS },
      );
    },
  };
}

function targetOf({
  ipBytes,
  port = NTP_PORT,
}: agentV1.OnDemandRequest): Result<CheckTarget, string> {
  const address = ipAddressFromBytes(ipBytes);
  if (!address.ok) return address;
  if (port < 1 || port > PORT_MAX) return refused(`${port} is no UDP port`);
  return ok({ address: address.value, port });
}

function kindOf({ kind }: agentV1.OnDemandRequest): OnDemandKind {
  if (kind.case === "ntpCheck") return "check";
  return kind.case === "traceroute" ? "traceroute" : "unknown";
}
