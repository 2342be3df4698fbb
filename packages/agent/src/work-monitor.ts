// The work loop of one monitor: ask for a batch, probe it, deliver the results. Several batches may be under way, so
// that one silent server does not keep the monitor waiting.

import { createUlid, sleep } from "@truechimer/base";
import { withSpan } from "@truechimer/telemetry";
import { backOffDelayMs, WORK_BACK_OFF } from "./back-off.ts";
import { deliverSubmission } from "./deliver-submission.ts";
import { createLocalClock } from "./local-clock.ts";
import { GET_SERVERS_TIMEOUT_MS } from "./monitor-client.ts";
import { type MonitorConfig, monitorConfigFrom } from "./monitor-config.ts";
import type { MonitorContext } from "./monitor-context.ts";
import { createPeer, type Peer } from "./peer.ts";
import { probe, probeBatch } from "./probe-batch.ts";
import { rpcFailureFrom } from "./rpc-failure.ts";
import { SUBMISSION_VERSION } from "./server-status.ts";
import { createSlots, type Slots } from "./slots.ts";
import { parseWorkBatch, type WorkBatch } from "./work-batch.ts";

/** Batches that one monitor probes at once. */
const BATCHES_PROBED_MAX = 8;
/** Batches taken and not settled; no more work is taken while so many wait for the control plane. */
const BATCHES_UNSETTLED_MAX = 64;

/** What became of asking for work. */
type Answer =
  | { readonly kind: "work"; readonly batch: WorkBatch }
  | { readonly kind: "nothing_due" }
  | { readonly kind: "failed"; readonly retryAfterMs: number | undefined };

interface WorkState {
  readonly peer: Peer;
  readonly probed: Slots;
  readonly unsettled: Slots;
}

/** Runs until `stopping` is aborted, then until what was taken is settled; never rejects. */
export async function workMonitor(context: MonitorContext): Promise<void> {
  const { signals, logger } = context;
  const underWay = new Set<Promise<void>>();
  const state: WorkState = {
    peer: createPeer(),
    probed: createSlots(BATCHES_PROBED_MAX),
    unsettled: createSlots(BATCHES_UNSETTLED_MAX),
  };
  try {
    await takeWork(context, state, (batch) => {
      underWay.add(batch);
      void batch.finally(() => underWay.delete(batch));
    });
  } catch (error) {
    if (!signals.stopping.aborted) logger.error({ error }, "work loop ended");
  }
  await Promise.all(underWay);
}

async function takeWork(
  context: MonitorContext,
  state: WorkState,
  onBatch: (settled: Promise<void>) => void,
): Promise<void> {
  const { clock, config, random, signals } = context;
  const { stopping } = signals;
  const localClock = createMonitorsLocalClock(context);
  await config.first(stopping);
  let misses = 0;
  while (!stopping.aborted) {
    const current = await config.first(stopping);
    const clockRestMs = await localClock.restMs(config.current ?? current, stopping);
    if (clockRestMs > 0) {
      await sleep(clock, clockRestMs, stopping);
      continue;
    }
    const slots = await takeSlots(state, stopping);
    const answer = await askForWork(context);
    if (answer.kind === "work") {
      misses = 0;
      onBatch(workThrough(answer.batch, { context, peer: state.peer, slots }));
      continue;
    }
    slots.probed[Symbol.dispose]();
    slots.unsettled[Symbol.dispose]();
    misses += 1;
    const backOffMs = backOffDelayMs(WORK_BACK_OFF, misses, random);
    await sleep(clock, restMs(answer, config.current, backOffMs), stopping);
  }
}

function restMs(
  answer: Exclude<Answer, { kind: "work" }>,
  config: MonitorConfig | undefined,
  backOffMs: number,
): number {
  if (answer.kind === "nothing_due") return config?.idlePollIntervalMs ?? backOffMs;
  return answer.retryAfterMs ?? backOffMs;
}

interface BatchSlots {
  readonly probed: Disposable;
  readonly unsettled: Disposable;
}

async function takeSlots(state: WorkState, signal: AbortSignal): Promise<BatchSlots> {
  const unsettled = await state.unsettled.take(signal);
  try {
    return { unsettled, probed: await state.probed.take(signal) };
  } catch (error) {
    unsettled[Symbol.dispose]();
    throw error;
  }
}

async function askForWork(context: MonitorContext): Promise<Answer> {
  const { address, client, config, logger, signals } = context;
  try {
    const message = await client.getServers(
      { monId: address.text, submissionVersionMax: SUBMISSION_VERSION },
      { timeoutMs: GET_SERVERS_TIMEOUT_MS, signal: signals.stopping },
    );
    if (message.config !== undefined) config.set(monitorConfigFrom(message.config));
    const batch = parseWorkBatch(message);
    if (!batch.ok) {
      logger.error({ detail: batch.error }, "batch makes no sense");
      return { kind: "failed", retryAfterMs: undefined };
    }
    for (const detail of batch.value.leftOut) logger.warn({ detail }, "entry of a batch left out");
    if (batch.value.items.length === 0) return { kind: "nothing_due" };
    return { kind: "work", batch: batch.value };
  } catch (error) {
    if (signals.stopping.aborted) throw error;
    const { code, message, retryAfterMs } = rpcFailureFrom(error);
    logger.warn({ code, detail: message }, "no work received");
    return { kind: "failed", retryAfterMs };
  }
}

interface BatchWork {
  readonly context: MonitorContext;
  readonly peer: Peer;
  readonly slots: BatchSlots;
}

/** One trace from here to the rows that the control plane writes. */
function workThrough(batch: WorkBatch, { context, peer, slots }: BatchWork): Promise<void> {
  const { clock, config, logger, random } = context;
  const attributes = { batchID: batch.batchIdText, servers: batch.items.length };
  const work = withSpan("agent.batch", { attributes }, async () => {
    using _unsettled = slots.unsettled;
    let checks: Awaited<ReturnType<typeof probeBatch>>;
    {
      using _probed = slots.probed;
      if (config.current === undefined) return;
      checks = await probeBatch(batch, context, config.current);
    }
    if (checks.length === 0) return;
    const submissionId = createUlid(clock, random);
    await deliverSubmission({ submissionId, batchId: batch.batchId, checks }, context, peer);
    logger.debug({ batch: batch.batchIdText, results: checks.length }, "batch settled");
  });
  return work.catch((error: unknown) => logger.error({ error }, "batch failed"));
}

function createMonitorsLocalClock(context: MonitorContext): ReturnType<typeof createLocalClock> {
  const { address, clock, config, logger, metrics, resolveHost } = context;
  return createLocalClock({
    clock,
    logger,
    family: address.family,
    resolveHost,
    runCheck: async (target) =>
      probe(target, context, await config.first(context.signals.stopping)),
    onChecked: metrics.localClockChecked,
  });
}
