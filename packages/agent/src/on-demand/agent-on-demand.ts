// On demand, as one agent does it: by the stream where the control plane has one, else by the broker that it names; one
// runner carries out what comes by either.

import { AppError, sleep } from "@truechimer/base";
import type { MqttEnvironment } from "@truechimer/mqtt";
import type { AgentOptions, AgentParts } from "../agent-options.ts";
import {
  type CreateTransport,
  createHttpConnections,
  type HttpConnections,
} from "../monitor-client.ts";
import type { MonitorContext } from "../monitor-context.ts";
import type { AgentCredentials } from "../monitor-source.ts";
import { agentUserAgent } from "../user-agent.ts";
import type { WantedMonitors } from "../wanted-monitors.ts";
import { createRequestRunner } from "./carry-out-requests.ts";
import type { BrokerSettings } from "./mqtt-transport.ts";
import type { OnDemandHandlers, OnDemandTransport } from "./on-demand-transport.ts";
import { createStreamTransport, type StreamTransport } from "./stream-transport.ts";

export interface AgentOnDemandOptions {
  /** Default `auto`: the stream; and the broker where the control plane has no stream. */
  readonly transport?: "auto" | "stream" | "mqtt";
  /** The control plane says that the agent's configuration changed. */
  readonly onConfigurationChanged?: () => void;
  /** Called when the control plane knows that the agent is there, and when it does not any more. */
  readonly onOnline?: (transport: "stream" | "mqtt", online: boolean) => void;
  /** How a broker knows the agent. Absent: by none. */
  readonly mqtt?: MqttIdentity;
}

export interface MqttIdentity {
  /** The name in the agent's certificate. Absent: it has none yet. */
  readonly tlsName: () => string | undefined;
  readonly environment: MqttEnvironment;
  readonly monitorDomain: string;
  /** Default: 10 s, and the delays after a takeover. */
  readonly reconnectDelayMs?: () => number;
}

export interface OnDemandWorld {
  readonly wanted: WantedMonitors;
  /** Of the monitors at work. */
  readonly contexts: () => readonly MonitorContext[];
}

/** How often it is looked whether a broker was named; and then, whether it is another one. */
const FIRST_LOOK_MS = 250;
const LOOK_MS = 3_000;

/** Runs until it is disposed, which answers what is under way and says that the agent goes. */
export function startOnDemand(
  parts: AgentParts,
  onDemand: AgentOnDemandOptions,
  { wanted, contexts }: OnDemandWorld,
): AsyncDisposable {
  const { options, signals } = parts;
  const { clock, logger } = options;
  const { transport = "auto" } = onDemand;
  const { stopping } = signals;
  const runner = createRequestRunner({
    clock,
    logger,
    monitors: contexts,
    tracer: options.tracer,
    signal: stopping,
  });
  const handlers: OnDemandHandlers = {
    onRequest: (request) => runner.take(request),
    onConfigurationChanged: () => {
      for (const { config } of contexts()) config.wanted.wake();
      wanted.refresh();
      onDemand.onConfigurationChanged?.();
    },
  };
  const connections = createConnections(options);
  const { createTransport } = connections;
  const streams = transport === "mqtt" ? [] : createStreams(options, onDemand, createTransport);
  for (const stream of streams) stream.start(handlers);
  const stopFollowing = followChanges(options, { wanted, streams });
  const broker = followBroker(parts, { onDemand, contexts, handlers, streams });
  return {
    [Symbol.asyncDispose]: async () => {
      stopFollowing();
      await runner.settled();
      await broker[Symbol.asyncDispose]();
      await Promise.all(streams.map((stream) => stream[Symbol.asyncDispose]()));
      connections[Symbol.dispose]();
    },
  };
}

/**
 * A connection for each stream and each answer. One that was used before may have died without a word, as behind a NAT
 * that forgot it, and that is just when a stream is opened anew.
 */
function createConnections({ apiUrl, monitors, createTransport }: AgentOptions): HttpConnections {
  if (createTransport !== undefined) return { createTransport, [Symbol.dispose]: () => undefined };
  const credentials = "source" in monitors ? monitors.credentials : undefined;
  return createHttpConnections(apiUrl, credentials, { keepAlive: false });
}

/** One for each identity: an enrolled agent has one, fixed monitors one for each token. */
function createStreams(
  options: AgentOptions,
  onDemand: AgentOnDemandOptions,
  createTransport: CreateTransport,
): readonly StreamTransport[] {
  const { clock, random, logger, sessionTakeover, version } = options;
  const userAgent = agentUserAgent({ version, runtime: `node ${process.version}` });
  return identities(options).map((credentials) =>
    createStreamTransport({
      createTransport,
      credentials,
      userAgent,
      clock,
      random,
      logger,
      sessionTakeover,
      onOnline: (online) => onDemand.onOnline?.("stream", online),
    }),
  );
}

function identities({
  monitors,
}: Pick<AgentOptions, "monitors">): readonly Pick<AgentCredentials, "bearer">[] {
  if ("source" in monitors) return [monitors.credentials];
  const tokens = new Set(monitors.map(({ token }) => token));
  return [...tokens].map((token) => ({ bearer: () => Promise.resolve(token) }));
}

/** A stream is of one certificate and of the monitors that it was opened for. */
function followChanges(
  { monitors }: AgentOptions,
  {
    wanted,
    streams,
  }: { readonly wanted: WantedMonitors; readonly streams: readonly StreamTransport[] },
): () => void {
  const reopen = (): void => {
    for (const stream of streams) stream.reopen();
  };
  const places = (): string =>
    wanted
      .list()
      .map(({ address }) => address.text)
      .join(" ");
  let opened = places();
  const stopMonitors = wanted.subscribe(() => {
    if (places() === opened) return;
    opened = places();
    reopen();
  });
  const stopCredentials = "source" in monitors ? monitors.credentials.subscribe(reopen) : undefined;
  return () => {
    stopMonitors();
    stopCredentials?.();
  };
}

interface BrokerParts {
  readonly onDemand: AgentOnDemandOptions;
  readonly contexts: () => readonly MonitorContext[];
  readonly handlers: OnDemandHandlers;
  readonly streams: readonly StreamTransport[];
}

/** Connects as soon as a broker is named and wanted, and anew when another one is, or the agent has another name. */
function followBroker(
  parts: AgentParts,
  { onDemand, contexts, handlers, streams }: BrokerParts,
): AsyncDisposable {
  const { mqtt, transport = "auto" } = onDemand;
  if (mqtt === undefined || transport === "stream") {
    return { [Symbol.asyncDispose]: () => Promise.resolve() };
  }
  const { clock, logger } = parts.options;
  const ending = new AbortController();
  let connected: { readonly to: string; readonly transport: OnDemandTransport } | undefined;

  const settings = (): BrokerSettings | undefined => {
    const isWanted = transport === "mqtt" || streams.every((stream) => stream.unknownToPeer);
    if (!isWanted) return undefined;
    return contexts()
      .map(({ config }) => config.current?.broker)
      .find((broker) => broker !== undefined);
  };
  const follow = async (): Promise<void> => {
    const broker = settings();
    const tlsName = mqtt.tlsName();
    const to =
      broker === undefined || tlsName === undefined
        ? undefined
        : `${tlsName} ${broker.host} ${broker.port}`;
    if (to === connected?.to) return;
    await connected?.transport[Symbol.asyncDispose]();
    connected = undefined;
    if (to === undefined || broker === undefined || tlsName === undefined) return;
    const created = await createMqtt(parts, { onDemand, mqtt, broker, tlsName, settings });
    connected = { to, transport: created };
    created.start(handlers);
  };
  const run = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      await follow().catch((error: unknown) => logger.error({ error }, "broker not followed"));
      const lookMs = connected === undefined ? FIRST_LOOK_MS : LOOK_MS;
      await sleep(clock, lookMs, ending.signal).catch(() => undefined);
    }
  };
  const running = run();
  return {
    [Symbol.asyncDispose]: async () => {
      ending.abort(new AppError("stopped", "the agent is being stopped"));
      await running;
      await connected?.transport[Symbol.asyncDispose]();
    },
  };
}

interface MqttParts {
  readonly onDemand: AgentOnDemandOptions;
  readonly mqtt: MqttIdentity;
  readonly broker: BrokerSettings;
  readonly tlsName: string;
  readonly settings: () => BrokerSettings | undefined;
}

/** Loads what speaks MQTT, which is a tenth of an agent's memory, for those alone that are told of a broker. */
async function createMqtt(
  { options }: AgentParts,
  { onDemand, mqtt, broker, tlsName, settings }: MqttParts,
): Promise<OnDemandTransport> {
  const { createMqttTransport } = await import("./mqtt-transport.ts");
  const { clock, logger, sessionTakeover, version, monitors } = options;
  const { environment, monitorDomain, reconnectDelayMs } = mqtt;
  return createMqttTransport({
    broker,
    token: () => settings()?.token ?? broker.token,
    tls: () => ("source" in monitors ? (monitors.credentials.tls ?? {}) : {}),
    tlsName,
    environment,
    monitorDomain,
    version,
    clock,
    logger,
    sessionTakeover,
    onOnline: (online) => onDemand.onOnline?.("mqtt", online),
    reconnectDelayMs,
  });
}
