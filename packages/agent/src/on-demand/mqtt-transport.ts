// The NTP Pool's way: MQTT 5 with any broker. What their agent leaves undone is done: an orderly end says that the agent
// goes, every request is answered, and none holds up the next.

import { type Clock, type IpAddress, ok, type Result, type UnixNs } from "@truechimer/base";
import {
  agentClientId,
  agentRequestsFilter,
  createMqttSession,
  MQTT_SESSION_TAKEN_OVER,
  type MqttEnvironment,
  type MqttMessage,
  type MqttPublication,
  type MqttSession,
  type MqttTls,
  mqttTopicText,
  NTP_REQUEST,
  type NtpAnswer,
  ntpAnswerText,
  ntpResponseOf,
  parseMqttTopic,
  parseNtpRequest,
  statusMessageText,
} from "@truechimer/mqtt";
import { legacyErrorText } from "@truechimer/scoring";
import type { Logger } from "@truechimer/telemetry";
import type { SessionTakeover } from "../session-takeover.ts";
import { NTPPOOL_AGENT_VERSION } from "../user-agent.ts";
import type {
  OnDemandHandlers,
  OnDemandOutcome,
  OnDemandRequest,
  OnDemandTransport,
} from "./on-demand-transport.ts";

/** What the agent's configuration says of the broker. */
export interface BrokerSettings {
  readonly host: string;
  readonly port: number;
  /** A secret. */
  readonly token: string;
}

export interface MqttTransportOptions {
  readonly broker: Pick<BrokerSettings, "host" | "port">;
  /** The newest token, read for every attempt. */
  readonly token: () => string;
  readonly tls: () => MqttTls;
  readonly tlsName: string;
  readonly environment: MqttEnvironment;
  readonly monitorDomain: string;
  /** Truechimer's version. */
  readonly version: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Not owned. */
  readonly sessionTakeover?: SessionTakeover | undefined;
  readonly onOnline?: (online: boolean) => void;
  /** Default: the NTP Pool's 10 s, and its delays after a takeover. */
  readonly reconnectDelayMs?: (() => number) | undefined;
}

const STATUS_EVERY_MS = 300_000;
const STATUS_EXPIRY_SECONDS = 86_400;
const WILL_DELAY_SECONDS = 30;
const RECONNECT_MS = 10_000;
const NTP_PORT = 123;
/** A request says no time; the NTP Pool's control plane waits 8 s. */
const REQUEST_LIFE_NS = 8_000_000_000n;

export function createMqttTransport(options: MqttTransportOptions): OnDemandTransport {
  const { broker, clock, logger, environment, tlsName, sessionTakeover } = options;
  let handlers: OnDemandHandlers | undefined;
  const host = broker.host.includes(":") ? `[${broker.host}]` : broker.host;
  const session: MqttSession = createMqttSession({
    url: `mqtts://${host}:${broker.port}`,
    clientId: agentClientId(tlsName, options.monitorDomain),
    credentials: () => Promise.resolve({ username: tlsName, password: options.token() }),
    tls: options.tls,
    subscriptions: [agentRequestsFilter(environment, tlsName)],
    presence: {
      online: () => status(options, true),
      offline: () => status(options, false),
      everyMs: STATUS_EVERY_MS,
      willDelaySeconds: WILL_DELAY_SECONDS,
    },
    onMessage: (message) => {
      const request = requestOf(message, { options, session });
      if (request !== undefined) handlers?.onRequest(request);
    },
    onUp: () => {
      sessionTakeover?.connected();
      options.onOnline?.(true);
      logger.info({ broker: broker.host }, "connected to the broker");
    },
    onDisconnect: (reasonCode, reasonText) => {
      const takenOver = reasonCode === MQTT_SESSION_TAKEN_OVER;
      logger.warn({ reasonCode, reasonText, takenOver }, "the broker ends the connection");
      if (takenOver) sessionTakeover?.takenOver();
    },
    onDown: () => {
      sessionTakeover?.disconnected();
      options.onOnline?.(false);
    },
    onFailure: (error) => logger.warn({ error }, "no connection to the broker"),
    reconnectDelayMs:
      options.reconnectDelayMs ?? (() => sessionTakeover?.reconnectDelayMs ?? RECONNECT_MS),
    clock,
  });
  return {
    get online() {
      return session.up;
    },
    start: (given) => {
      handlers = given;
      session.start();
    },
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  };
}

function status(
  { environment, tlsName, version, clock }: MqttTransportOptions,
  online: boolean,
): MqttPublication {
  return {
    topic: mqttTopicText({ kind: "status", environment, agent: tlsName }),
    payload: statusMessageText({
      online,
      // Compared as a semantic version with the agents that are theirs; what we are stands behind the plus.
      version: {
        version: `${NTPPOOL_AGENT_VERSION}+truechimer.${version}`,
        gitRevision: "",
        buildTime: "",
      },
      updatedAtNs: clock.nowNs(),
    }),
    qos: 1,
    retain: true,
    expirySeconds: STATUS_EXPIRY_SECONDS,
  };
}

interface RequestParts {
  readonly options: MqttTransportOptions;
  readonly session: MqttSession;
}

/** Absent: nothing that wants an answer. */
function requestOf(
  message: MqttMessage,
  { options, session }: RequestParts,
): OnDemandRequest | undefined {
  const topic = parseMqttTopic(message.topic);
  const { responseTopic, userProperties } = message;
  if (topic?.kind !== "request" || topic.type !== NTP_REQUEST || responseTopic === "") {
    return undefined;
  }
  // To nobody else's topics, whatever a request says.
  const answerTopic = parseMqttTopic(responseTopic);
  if (answerTopic?.kind !== "response" || answerTopic.agent !== options.tlsName) {
    options.logger.warn({ responseTopic }, "a request wants its answer elsewhere: ignored");
    return undefined;
  }
  const address = parseNtpRequest(message.payload);
  const receivedAtNs: UnixNs = options.clock.nowNs();
  return {
    id: answerTopic.requestId,
    kind: "check",
    monitorAddress: undefined,
    expiresAtNs: receivedAtNs + REQUEST_LIFE_NS,
    target: targetOf(address),
    answer: (outcome) =>
      session.publish({
        topic: responseTopic,
        payload: ntpAnswerText(ntpAnswer(outcome)),
        qos: 0,
        retain: false,
        userProperties: {
          TraceID: userProperties["TraceID"] ?? "",
          SpanID: userProperties["SpanID"] ?? "",
        },
      }),
  };
}

function targetOf(address: Result<IpAddress, string>): OnDemandRequest["target"] {
  return address.ok ? ok({ address: address.value, port: NTP_PORT }) : address;
}

function ntpAnswer(outcome: OnDemandOutcome): NtpAnswer {
  if (outcome.kind !== "check") {
    const error = outcome.kind === "refused" ? outcome.text : "a traceroute was not asked for";
    return { server: "", response: undefined, error };
  }
  const { outcome: found, samples, selectedIndex } = outcome.result;
  const sample = selectedIndex === undefined ? undefined : samples[selectedIndex];
  const { reason, stratum } = found;
  const referenceId = sample?.packet?.referenceId ?? 0;
  return {
    server: "",
    response: sample === undefined ? undefined : ntpResponseOf(sample),
    error: reason === undefined ? "" : legacyErrorText(reason, { stratum, referenceId }),
  };
}
