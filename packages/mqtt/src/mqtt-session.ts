// One lasting session with a broker, MQTT 5. Each attempt to connect is a client of its own with fresh credentials; the
// delays between attempts, what is said on arrival and what on leaving are the caller's. The library's own reconnection
// is not used: it cannot read a password anew, and its delay is decided before the reason of a DISCONNECT is known.

import { AppError, type Clock, sleep } from "@truechimer/base";
import { connect, type IClientOptions, type IPublishPacket, type MqttClient } from "mqtt";

/** A message that is sent. */
export interface MqttPublication {
  readonly topic: string;
  readonly payload: string | Uint8Array;
  readonly qos: 0 | 1;
  readonly retain: boolean;
  /** After this the broker forgets it. Absent: never. */
  readonly expirySeconds?: number;
  readonly responseTopic?: string;
  readonly userProperties?: Readonly<Record<string, string>>;
}

/** A message that came. */
export interface MqttMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
  /** The broker had kept it from before. */
  readonly retained: boolean;
  /** Empty: none. */
  readonly responseTopic: string;
  /** Of a property that came several times, the first. */
  readonly userProperties: Readonly<Record<string, string>>;
}

/** A secret: never logged. */
export interface MqttCredentials {
  readonly username: string;
  readonly password: string;
}

/** What TLS trusts, and what it offers. */
export interface MqttTls {
  /** PEM. Absent: the system's roots. */
  readonly rootPem?: string | undefined;
  readonly certificatePem?: string | undefined;
  readonly keyPem?: string | undefined;
}

/** With whom, as whom, and what is told meanwhile. */
export interface MqttSessionOptions {
  /** "mqtts://host:port", or "mqtt://" without TLS. */
  readonly url: string;
  readonly clientId: string;
  /** Asked for every attempt. */
  readonly credentials: () => Promise<MqttCredentials>;
  /** Asked for every attempt. */
  readonly tls?: () => MqttTls;
  /** Filters, QoS 1. */
  readonly subscriptions: readonly string[];
  /** Said on every arrival, once the subscriptions hold, and every `everyMs` from then on. */
  readonly presence?: MqttPresence;
  readonly onMessage: (message: MqttMessage) => void;
  /** The subscriptions hold. */
  readonly onUp?: () => void;
  /** The broker sent a DISCONNECT; called before `onDown`. */
  readonly onDisconnect?: (reasonCode: number, reasonText: string) => void;
  /** The connection was up and is gone. */
  readonly onDown?: () => void;
  /** An attempt failed, or the connection broke. */
  readonly onFailure?: (error: AppError) => void;
  /** How long to wait before the next attempt. Asked after each end of a connection. */
  readonly reconnectDelayMs: () => number;
  readonly clock: Clock;
}

/** What says that a client is there, and that it is not. */
export interface MqttPresence {
  readonly online: () => MqttPublication;
  readonly everyMs: number;
  /** Said before an orderly DISCONNECT, which makes the broker forget the will. */
  readonly offline: () => MqttPublication;
  /** Said by the broker when the connection breaks; after this many seconds, unless the agent is back by then. */
  readonly willDelaySeconds: number;
}

/** One client of one broker, for as long as it is wanted. Disposing says farewell. */
export interface MqttSession extends AsyncDisposable {
  /** Connected, and the subscriptions hold. */
  readonly up: boolean;
  /** Begins to connect. Once. */
  start(): void;
  /** Rejects with `peer_unreachable` when the session is not up, or the broker does not take it in time. */
  publish(publication: MqttPublication): Promise<void>;
  /** Ends the connection and begins anew at once, with fresh credentials. */
  reconnect(): void;
}

/** DISCONNECT because another client with the same id arrived. MQTT 5, section 4.13. */
export const MQTT_SESSION_TAKEN_OVER = 0x8e;

const KEEP_ALIVE_SECONDS = 120;
const SESSION_EXPIRY_SECONDS = 60;
const CONNECT_TIMEOUT_MS = 10_000;
/** How long a PUBACK or SUBACK may take. */
const ACKNOWLEDGED_WITHIN_MS = 10_000;
/** On leaving nobody waits long for a broker. */
const FAREWELL_WITHIN_MS = 2_000;
const END_WITHIN_MS = 1_000;
/** A broker that answers with less is told to keep the rest: 64 KiB is a hundred of our messages. */
const PACKET_BYTES_MAX = 65_536;
/** Failure of a subscription in a SUBACK: this code and those above. MQTT 5, section 3.9.3. */
const SUBSCRIPTION_REFUSED = 0x80;

/** Does nothing before `start`. */
export function createMqttSession(options: MqttSessionOptions): MqttSession {
  const { clock, presence } = options;
  const ending = new AbortController();
  let running: Promise<void> | undefined;
  let connection: Connection | undefined;
  let first = true;
  let hurry = false;

  const run = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      try {
        connection = await openConnection(options, { clean: first });
        first = false;
        await connection.closed;
      } catch (error) {
        options.onFailure?.(brokerFailure(options.url, error));
      }
      connection = undefined;
      if (ending.signal.aborted) return;
      const delayMs = hurry ? 0 : options.reconnectDelayMs();
      hurry = false;
      await sleep(clock, delayMs, ending.signal).catch(() => undefined);
    }
  };

  const publish = async (publication: MqttPublication): Promise<void> => {
    if (connection === undefined || !connection.up) {
      throw new AppError("peer_unreachable", `there is no connection to the broker ${options.url}`);
    }
    await connection.publish(publication, ACKNOWLEDGED_WITHIN_MS);
  };

  return {
    get up() {
      return connection?.up ?? false;
    },
    start: () => {
      running ??= run();
    },
    publish,
    reconnect: () => {
      hurry = true;
      connection?.destroy();
    },
    [Symbol.asyncDispose]: async () => {
      ending.abort(new AppError("stopped", "the session with the broker is being ended"));
      const last = connection;
      if (last?.up === true && presence !== undefined) {
        await last.publish(presence.offline(), FAREWELL_WITHIN_MS).catch(() => undefined);
      }
      await last?.end();
      await running;
    },
  };

  async function openConnection(
    session: MqttSessionOptions,
    { clean }: { readonly clean: boolean },
  ): Promise<Connection> {
    const credentials = await session.credentials();
    ending.signal.throwIfAborted();
    const client = connect(session.url, clientOptions(session, { credentials, clean }));
    return superviseClient(client, session);
  }
}

interface Connection {
  readonly up: boolean;
  /** Resolves when the connection is gone; never rejects. */
  readonly closed: Promise<void>;
  publish(publication: MqttPublication, withinMs: number): Promise<void>;
  /** DISCONNECT, then close. */
  end(): Promise<void>;
  destroy(): void;
}

function clientOptions(
  { clientId, tls, presence }: MqttSessionOptions,
  { credentials, clean }: { readonly credentials: MqttCredentials; readonly clean: boolean },
): IClientOptions {
  const { rootPem, certificatePem, keyPem } = tls?.() ?? {};
  const offline = presence?.offline();
  return {
    protocolVersion: 5,
    clientId,
    clean,
    username: credentials.username,
    password: credentials.password,
    keepalive: KEEP_ALIVE_SECONDS,
    connectTimeout: CONNECT_TIMEOUT_MS,
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    rejectUnauthorized: true,
    ...(rootPem === undefined ? {} : { ca: rootPem }),
    ...(certificatePem === undefined || keyPem === undefined
      ? {}
      : { cert: certificatePem, key: keyPem }),
    properties: {
      sessionExpiryInterval: SESSION_EXPIRY_SECONDS,
      maximumPacketSize: PACKET_BYTES_MAX,
    },
    ...(offline === undefined || presence === undefined
      ? {}
      : {
          will: {
            topic: offline.topic,
            payload: Buffer.from(offline.payload),
            qos: 0,
            retain: offline.retain,
            properties: {
              willDelayInterval: presence.willDelaySeconds,
              ...(offline.expirySeconds === undefined
                ? {}
                : { messageExpiryInterval: offline.expirySeconds }),
            },
          },
        }),
  };
}

function superviseClient(client: MqttClient, session: MqttSessionOptions): Connection {
  const { clock, presence } = session;
  const closed = Promise.withResolvers<void>();
  let up = false;
  let gone = false;
  let cancelRepeat = (): void => {};

  const publish = (publication: MqttPublication, withinMs: number): Promise<void> =>
    settledWithin({ clock, withinMs, closed: closed.promise, what: "publication" }, (done) =>
      client.publish(publication.topic, payloadOf(publication), publishOptions(publication), done),
    );
  const sayOnline = (): void => {
    if (presence === undefined || gone) return;
    cancelRepeat = clock.setTimer(presence.everyMs, sayOnline);
    publish(presence.online(), ACKNOWLEDGED_WITHIN_MS).catch(onFailure);
  };
  const onFailure = (error: unknown): void => {
    if (!gone) session.onFailure?.(brokerFailure(session.url, error));
  };
  const subscribed = (): Promise<void> =>
    settledWithin(
      { clock, withinMs: ACKNOWLEDGED_WITHIN_MS, closed: closed.promise, what: "subscription" },
      (done) =>
        client.subscribe([...session.subscriptions], { qos: 1 }, (error, granted) => {
          const refused = granted?.find(({ qos }) => qos >= SUBSCRIPTION_REFUSED);
          done(error ?? (refused === undefined ? undefined : refusedSubscription(refused.topic)));
        }),
    );
  const arrive = async (): Promise<void> => {
    if (session.subscriptions.length > 0) await subscribed();
    up = true;
    sayOnline();
    session.onUp?.();
  };

  client.on("connect", () => {
    arrive().catch((error: unknown) => {
      onFailure(error);
      client.end(true);
    });
  });
  client.on("message", (_topic, _payload, packet) => session.onMessage(messageOf(packet)));
  client.on("disconnect", ({ reasonCode = 0, properties }) => {
    session.onDisconnect?.(reasonCode, properties?.reasonString ?? "");
    client.end(true);
  });
  client.on("error", onFailure);
  client.on("close", () => {
    if (gone) return;
    const wasUp = up;
    gone = true;
    up = false;
    cancelRepeat();
    if (wasUp) session.onDown?.();
    closed.resolve();
    client.end(true);
  });
  return {
    get up() {
      return up;
    },
    closed: closed.promise,
    publish,
    end: async () => {
      if (gone) return;
      client.end(false, {});
      await settledWithin(
        { clock, withinMs: END_WITHIN_MS, closed: new Promise(() => {}), what: "end" },
        (done) => client.once("close", () => done()),
      ).catch(() => client.end(true));
      client.stream.destroy();
    },
    destroy: () => void client.end(true),
  };
}

interface SettlingOptions {
  readonly clock: Clock;
  readonly withinMs: number;
  readonly closed: Promise<void>;
  readonly what: string;
}

/** The library calls nobody back when a connection breaks in between, so that is watched for here. */
function settledWithin(
  { clock, withinMs, closed, what }: SettlingOptions,
  begin: (done: (error?: Error | null) => void) => unknown,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancel = clock.setTimer(withinMs, () =>
      reject(
        new AppError("peer_unreachable", `the ${what} was not acknowledged in ${withinMs} ms`),
      ),
    );
    void closed.then(() => {
      cancel();
      reject(new AppError("peer_unreachable", `the connection broke before the ${what}`));
    });
    begin((error) => {
      cancel();
      if (error === undefined || error === null) resolve();
      else reject(error);
    });
  });
}

function payloadOf({ payload }: MqttPublication): Buffer {
  return typeof payload === "string" ? Buffer.from(payload) : Buffer.from(payload);
}

function publishOptions(
  publication: MqttPublication,
): NonNullable<Parameters<MqttClient["publish"]>[2]> {
  const { qos, retain, expirySeconds, responseTopic, userProperties } = publication;
  return {
    qos,
    retain,
    properties: {
      ...(expirySeconds === undefined ? {} : { messageExpiryInterval: expirySeconds }),
      ...(responseTopic === undefined ? {} : { responseTopic }),
      ...(userProperties === undefined ? {} : { userProperties: { ...userProperties } }),
    },
  };
}

function messageOf({ topic, payload, retain, properties }: IPublishPacket): MqttMessage {
  const userProperties = Object.entries(properties?.userProperties ?? {}).map(
    ([name, value]) => [name, typeof value === "string" ? value : (value[0] ?? "")] as const,
  );
  return {
    topic,
    payload: typeof payload === "string" ? Buffer.from(payload) : payload,
    retained: retain,
    responseTopic: properties?.responseTopic ?? "",
    userProperties: Object.fromEntries(userProperties),
  };
}

function refusedSubscription(topic: string): AppError {
  return new AppError(
    "forbidden",
    `the broker refuses the subscription to ${topic}: check its access rules for this account`,
  );
}

function brokerFailure(url: string, cause: unknown): AppError {
  if (cause instanceof AppError) return cause;
  const { code } = cause as { readonly code?: unknown };
  // Above 0x80 the broker itself refuses; below is a name of the operating system.
  return typeof code === "number"
    ? new AppError(
        "forbidden",
        `the broker ${url} refuses the connection (reason 0x${code.toString(16)}): check its accounts, and the token's secret`,
        { cause },
      )
    : new AppError(
        "peer_unreachable",
        `the broker ${url} cannot be reached${typeof code === "string" ? ` (${code})` : ""}: check its address, its certificate, and that it runs`,
        { cause },
      );
}
