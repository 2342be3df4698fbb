// The agent: one work loop for each of its monitors, one probe socket for all, and an orderly end.

import { setMaxListeners } from "node:events";
import { AppError, type Clock, type IpAddress, type Random, STOP_LIMITS } from "@truechimer/base";
import type { Logger } from "@truechimer/telemetry";
import type { ProbeSocket } from "@truechimer/udp";
import { type AgentMetrics, silentAgentMetrics } from "./agent-metrics.ts";
import { createConfigHolder } from "./config-holder.ts";
import { configureMonitor } from "./configure-monitor.ts";
import {
  type CreateTransport,
  createHttpConnections,
  createMonitorClient,
} from "./monitor-client.ts";
import type { MonitorContext, StopSignals } from "./monitor-context.ts";
import { type ResolveHost, resolveHost as resolveHostBySystem } from "./resolve-host.ts";
import { createServerPace } from "./server-pace.ts";
import { createSlots } from "./slots.ts";
import { agentUserAgent } from "./user-agent.ts";
import { workMonitor } from "./work-monitor.ts";

export interface AgentMonitor {
  /** The monitor's own address; its text is the monitor's id towards the control plane. */
  readonly address: IpAddress;
  /** The monitor's bearer token. A secret. */
  readonly token: string;
  /** What to send probes from. Default: what the control plane names as NAT address, else the system's choice. */
  readonly localAddress?: IpAddress | undefined;
}

export interface AgentOptions {
  /** Address of the control plane, such as "https://pool.example". */
  readonly apiUrl: string;
  readonly monitors: readonly AgentMonitor[];
  /** Not owned: whoever made it closes it, after the agent. */
  readonly probeSocket: ProbeSocket;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Truechimer's version, such as "0.1.0". */
  readonly version: string;
  readonly metrics?: AgentMetrics;
  /**
   * Also probe private, loopback and link-local addresses, where the control plane allows it too. Default false: a
   * control plane alone cannot turn its agents on the networks that they stand in.
   */
  readonly allowPrivateTargets?: boolean;
  /** Checks under way at once, over all monitors. Default 1,000. */
  readonly checksInFlightMax?: number;
  /** Default: the operating system's resolver. */
  readonly resolveHost?: ResolveHost;
  /** Default: HTTP/1.1 to `apiUrl`. */
  readonly createTransport?: CreateTransport;
}

export interface Agent extends AsyncDisposable {
  /** Begins to ask for work. Once. */
  start(): void;
}

/** Enough that a fleet's worth of silent servers does not hold up the others; each check holds a few kilobytes. */
const CHECKS_IN_FLIGHT_MAX = 1_000;

export function createAgent(options: AgentOptions): Agent {
  const { clock, logger } = options;
  const stop = createStop(clock);
  const connections =
    options.createTransport === undefined ? createHttpConnections(options.apiUrl) : undefined;
  const createTransport = options.createTransport ?? connections?.createTransport;
  if (createTransport === undefined) throw new AppError("internal", "no transport");
  const contexts = monitorContexts(options, { createTransport, signals: stop.signals });
  let running: Promise<unknown> | undefined;
  return {
    start: () => {
      running ??= Promise.all(
        contexts.flatMap((context) => [configureMonitor(context), workMonitor(context)]),
      );
      logger.info({ monitors: contexts.length, apiUrl: options.apiUrl }, "agent started");
    },
    [Symbol.asyncDispose]: async () => {
      await stop.until(running ?? Promise.resolve());
      connections?.[Symbol.dispose]();
      logger.info({}, "agent stopped");
    },
  };
}

interface SharedParts {
  readonly createTransport: CreateTransport;
  readonly signals: StopSignals;
}

function monitorContexts(
  options: AgentOptions,
  { createTransport, signals }: SharedParts,
): readonly MonitorContext[] {
  const { clock, random, logger, probeSocket, metrics = silentAgentMetrics } = options;
  const pace = createServerPace(clock);
  const checkSlots = createSlots(options.checksInFlightMax ?? CHECKS_IN_FLIGHT_MAX);
  const runtime = `node ${process.version}`;
  const userAgent = agentUserAgent({ version: options.version, runtime });
  return options.monitors.map(({ address, token, localAddress }) => ({
    address,
    localAddress,
    client: createMonitorClient({
      createTransport,
      token,
      userAgent,
      onCallEnded: (procedure, code) => metrics.callEnded(procedure, code),
    }),
    config: createConfigHolder(),
    socket: probeSocket,
    allowPrivateTargets: options.allowPrivateTargets ?? false,
    pace,
    checkSlots,
    resolveHost: options.resolveHost ?? resolveHostBySystem,
    clock,
    random,
    logger: logger.child({ monitor: address.text }),
    metrics,
    signals,
  }));
}

interface Stop {
  readonly signals: StopSignals;
  /** Stops step by step; resolves when `running` has. */
  until(running: Promise<unknown>): Promise<void>;
}

function createStop(clock: Clock): Stop {
  const stopping = new AbortController();
  const probing = new AbortController();
  const closing = new AbortController();
  // One listener for each check, sleep and call under way is what these signals are for.
  setMaxListeners(0, stopping.signal, probing.signal, closing.signal);
  const reason = new AppError("stopped", "the agent is being stopped");
  return {
    signals: { stopping: stopping.signal, probing: probing.signal, closing: closing.signal },
    until: async (running) => {
      stopping.abort(reason);
      const cancelProbing = clock.setTimer(STOP_LIMITS.probingEndsMs, () => probing.abort(reason));
      const cancelDelivery = clock.setTimer(STOP_LIMITS.deliveryEndsMs, () =>
        closing.abort(reason),
      );
      await running;
      cancelProbing();
      cancelDelivery();
    },
  };
}
