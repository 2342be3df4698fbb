// The agent: its monitors at work, each as its status says, one probe socket and one queue for all, and an orderly end.

import { setMaxListeners } from "node:events";
import { AppError, type Clock, STOP_LIMITS } from "@truechimer/base";
import { silentAgentMetrics } from "./agent-metrics.ts";
import type { AgentOptions, AgentParts } from "./agent-options.ts";
import { createControlPlanes } from "./control-planes.ts";
import { openLeaseStore } from "./lease-store.ts";
import { createHttpConnections } from "./monitor-client.ts";
import type { StopSignals } from "./monitor-context.ts";
import { createMonitorRuns } from "./monitor-runs.ts";
import { startOnDemand } from "./on-demand/agent-on-demand.ts";
import type { QueueFiles } from "./queue/queue-files.ts";
import { openSubmissionQueue, type SubmissionQueue } from "./queue/submission-queue.ts";
import { wantedMonitors } from "./wanted-monitors.ts";

export interface Agent extends AsyncDisposable {
  /** Begins to ask for work. Once. */
  start(): void;
}

export function createAgent(options: AgentOptions): Agent {
  const { apiUrl, clock, logger } = options;
  const stop = createStop(clock);
  const credentials = "source" in options.monitors ? options.monitors.credentials : undefined;
  const connections =
    options.createTransport === undefined ? createHttpConnections(apiUrl, credentials) : undefined;
  const createTransport = options.createTransport ?? connections?.createTransport;
  if (createTransport === undefined) throw new AppError("internal", "no transport");
  let running: Promise<void> | undefined;
  return {
    start: () => {
      running ??= runAgent({ options, createTransport, signals: stop.signals });
      logger.info({ apiUrl }, "agent started");
    },
    [Symbol.asyncDispose]: async () => {
      await stop.until(running ?? Promise.resolve());
      connections?.[Symbol.dispose]();
      logger.info({}, "agent stopped");
    },
  };
}

/** Until all work has ended and its results are delivered, or kept for the next start; never rejects. */
async function runAgent(parts: AgentParts): Promise<void> {
  const { options, signals } = parts;
  const queue = await openQueue(options);
  const { apiUrl, clock, leaseFile, logger } = options;
  const leaseStore = await openLeaseStore({ file: leaseFile, apiUrl, clock, logger });
  const noMore = Promise.withResolvers<void>();
  const wanted = wantedMonitors(options);
  const planes = createControlPlanes(parts, { queue, wanted, noMore: noMore.promise });
  for (const { monId } of queue.list()) planes.deliverLeftOver(monId);
  const runs = createMonitorRuns(parts, { leaseStore, planes, wanted });
  const unsubscribe = wanted.subscribe(() => runs.follow());
  const stopFollowing = options.sessionTakeover?.subscribe(() => runs.followTakeover());
  runs.follow();
  const onDemand =
    options.onDemand === undefined
      ? undefined
      : startOnDemand(parts, options.onDemand, { wanted, contexts: () => runs.contexts() });
  await aborted(signals.stopping);
  unsubscribe();
  stopFollowing?.();
  await onDemand?.[Symbol.asyncDispose]();
  await runs.ended();
  await leaseStore[Symbol.asyncDispose]();
  noMore.resolve();
  await planes.delivered();
  if (!queue.durable) reportLost(queue, options);
  await queue[Symbol.asyncDispose]();
}

async function openQueue(options: AgentOptions): Promise<SubmissionQueue> {
  const { clock, logger, metrics = silentAgentMetrics, queueFiles, queueLimits } = options;
  const open = (files: QueueFiles | undefined): Promise<SubmissionQueue> =>
    openSubmissionQueue({
      files,
      clock,
      logger,
      onDropped: ({ submissionId, results }, reason) => {
        metrics.resultsLost(results, reason);
        logger.error({ submissionId, results, code: reason }, "results lost");
      },
      ...(queueLimits === undefined ? {} : { limits: queueLimits }),
    });
  try {
    return await open(queueFiles);
  } catch (error) {
    logger.error(
      { error },
      "queue cannot be read: results are kept in memory, and a restart loses them",
    );
    return await open(undefined);
  }
}

function reportLost(
  queue: SubmissionQueue,
  { logger, metrics = silentAgentMetrics }: AgentOptions,
): void {
  for (const { submissionId, results } of queue.list()) {
    metrics.resultsLost(results, "stopped");
    logger.error({ submissionId, results, code: "stopped" }, "results lost: the agent was stopped");
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
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
