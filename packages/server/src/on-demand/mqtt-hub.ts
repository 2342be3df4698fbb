// The control plane as a client of the broker. Every replica is one, under an id of its own: each hears all statuses and
// answers and writes them into the same rows, and each request is sent by the one replica that took it.

import { timestamptzFromNs } from "@truechimer/database";
import {
  controlPlaneFilter,
  createMqttSession,
  exactJsonText,
  type MqttCredentials,
  type MqttEnvironment,
  type MqttMessage,
  type MqttSession,
  mqttTopicText,
  NTP_REQUEST,
  ntpRequestText,
  parseMqttTopic,
  parseNtpAnswer,
  parseStatusMessage,
  versionJson,
} from "@truechimer/mqtt";
import { currentTraceId } from "@truechimer/telemetry";
import type { ServerContext } from "../context.ts";
import { createCoalescedRun } from "./coalesced-run.ts";
import { controlPlaneMqttToken } from "./mqtt-token.ts";
import { type DueRequest, takeForBroker } from "./request-rows.ts";
import { noteMqttPresence } from "./session-rows.ts";
import { takeBrokerAnswer } from "./take-answer.ts";

export interface MqttHubSettings {
  /** "mqtts://host:port". */
  readonly url: string;
  /** PEM. Absent: the system's roots. */
  readonly rootPem?: string;
  /** Absent: "truechimer-api", and a token of ours as password. */
  readonly account?: MqttCredentials;
  /** Where agents find the broker. */
  readonly advertised: { readonly host: string; readonly port: number };
}

export interface MqttHub extends AsyncDisposable {
  start(): void;
  /** Sends what was asked since. */
  deliver(): void;
}

/** Of the account; the broker's access list knows it by this. */
const ACCOUNT = "truechimer-api";
const RECONNECT_MS = 10_000;
/** Three statuses of an agent that repeats them every 5 min, and a minute for the way. */
const PRESENCE_LIFE_MS = 16 * 60_000;
const CLIENT_ID_BYTES = 8;
const REQUEST_EXPIRY_SECONDS = 8;
/** Messages that are written to the database at once; a fleet that comes back all at once waits in line. */
const MESSAGES_WAITING_MAX = 20_000;

export function createMqttHub(context: ServerContext, settings: MqttHubSettings): MqttHub {
  const { clock, logger, random } = context;
  const { environment } = context.agents;
  const work = createLine(MESSAGES_WAITING_MAX);
  const session: MqttSession = createMqttSession({
    url: settings.url,
    clientId: `${ACCOUNT}-${Buffer.from(random.bytes(CLIENT_ID_BYTES)).toString("hex")}`,
    credentials: () => credentials(context, settings),
    tls: () => ({ rootPem: settings.rootPem }),
    subscriptions: [controlPlaneFilter(environment)],
    onMessage: (message) => {
      const taken = work.add(() => handle(context, message));
      if (!taken) logger.warn({}, "a message of the broker was dropped: too many wait");
    },
    onUp: () => {
      logger.info({ broker: settings.url }, "connected to the broker");
      delivering.wake();
    },
    onDisconnect: (reasonCode, reasonText) =>
      logger.warn({ reasonCode, reasonText }, "the broker ends the connection"),
    onFailure: (error) => logger.warn({ error }, "no connection to the broker"),
    reconnectDelayMs: () => RECONNECT_MS,
    clock,
  });
  const deliver = async (): Promise<void> => {
    if (!session.up) return;
    try {
      for (const due of await takeForBroker(context.database)) {
        await session.publish(requestMessage(environment, due));
      }
    } catch (error) {
      logger.warn({ error }, "requests were not sent to the broker");
    }
  };
  const delivering = createCoalescedRun(deliver);
  return {
    start: () => session.start(),
    deliver: () => delivering.wake(),
    [Symbol.asyncDispose]: async () => {
      await delivering.settled();
      await session[Symbol.asyncDispose]();
      await work.settled();
    },
  };
}

async function credentials(
  { signingKeys, agents, clock }: ServerContext,
  { account }: MqttHubSettings,
): Promise<MqttCredentials> {
  if (account !== undefined) return account;
  const secret = await signingKeys?.mqttSecret();
  // A broker that lets anybody in takes this, too.
  if (secret === undefined) return { username: ACCOUNT, password: "" };
  const parts = { secret, environment: agents.environment, clock };
  return { username: ACCOUNT, password: await controlPlaneMqttToken(parts, ACCOUNT) };
}

function requestMessage(
  environment: MqttEnvironment,
  { tlsName: agent = "", requestId, address }: DueRequest,
): Parameters<MqttSession["publish"]>[0] {
  return {
    topic: mqttTopicText({ kind: "request", environment, agent, type: NTP_REQUEST }),
    payload: ntpRequestText(address),
    qos: 0,
    retain: false,
    responseTopic: mqttTopicText({ kind: "response", environment, agent, requestId }),
    userProperties: { ID: requestId, TraceID: currentTraceId() ?? "", SpanID: "" },
    // An agent that comes back later finds nothing that nobody waits for.
    expirySeconds: REQUEST_EXPIRY_SECONDS,
  };
}

async function handle(context: ServerContext, message: MqttMessage): Promise<void> {
  try {
    const topic = parseMqttTopic(message.topic);
    if (topic?.kind === "status") await handleStatus(context, topic.agent, message);
    if (topic?.kind === "response") await handleAnswer(context, topic, message);
  } catch (error) {
    context.logger.error(
      { error, topic: message.topic },
      "a message of the broker was not handled",
    );
  }
}

async function handleStatus(
  { database, logger }: ServerContext,
  agent: string,
  { payload, retained }: MqttMessage,
): Promise<void> {
  const status = parseStatusMessage(payload);
  if (!status.ok) {
    // A retained message that is taken back is an empty one.
    if (payload.length > 0) logger.warn({ agent, detail: status.error }, "status not understood");
    return;
  }
  const { online, version, updatedAtNs } = status.value;
  await noteMqttPresence(database, {
    tlsName: agent,
    online,
    version: version.version,
    versionJson: exactJsonText(versionJson(version)),
    statusAt: updatedAtNs === undefined ? undefined : timestamptzFromNs(updatedAtNs),
    retained,
    lifeMs: PRESENCE_LIFE_MS,
  });
}

async function handleAnswer(
  context: ServerContext,
  { agent, requestId }: { readonly agent: string; readonly requestId: string },
  { payload }: MqttMessage,
): Promise<void> {
  const answer = parseNtpAnswer(payload);
  const { logger } = context;
  if (!answer.ok) {
    logger.warn({ agent, requestId, detail: answer.error }, "an agent's answer makes no sense");
    return;
  }
  // Every replica hears every answer, so that all but one find it taken.
  const taken = await takeBrokerAnswer(context, { agent, requestId }, answer.value);
  if (taken === undefined || taken === "late") {
    logger.info({ agent, requestId, taken: taken ?? "unknown" }, "nobody waits for an answer");
  }
}

/** One after the other, in order. */
interface Line {
  /** False: it is full. */
  add(work: () => Promise<void>): boolean;
  settled(): Promise<void>;
}

function createLine(max: number): Line {
  let last = Promise.resolve();
  let waiting = 0;
  return {
    add: (work) => {
      if (waiting >= max) return false;
      waiting += 1;
      last = last.then(work).finally(() => {
        waiting -= 1;
      });
      return true;
    },
    settled: () => last,
  };
}
