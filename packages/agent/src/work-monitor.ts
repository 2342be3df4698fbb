// The work loop of one monitor: ask for a batch, probe it, deliver the results. Several batches may be under way, so
// that one silent server does not keep the monitor waiting.

import { createUlid, sleep } from "@truechimer/base";
import { withSpan } from "@truechimer/telemetry";
import { backOffDelayMs, WORK_BACK_OFF } from "./back-off.ts";
import { deliverSubmission } from "./deliver-submission.ts";
import { createLocalClock, type LocalClock } from "./local-clock.ts";
import { GET_SERVERS_TIMEOUT_MS } from "./monitor-client.ts";
import { type MonitorConfig, monitorConfigFrom } from "./monitor-config.ts";
import type { MonitorContext } from "./monitor-context.ts";
import { createPeer, type Peer } from "./peer.ts";
import { probe, probeBatch } from "./probe-batch.ts";
import { rpcFailureFrom } from "./rpc-failure.ts";
import { SUBMISSION_VERSION } from "./server-status.ts";
import { createSlots, type GiveBack, type Slots } from "./slots.ts";
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
  readonly localClock: LocalClock;
  readonly peer: Peer;
  readonly probed: Slots;
  readonly unsettled: Slots;
  /** Batches that were taken and are not settled. */
  readonly underWay: Set<Promise<void>>;
  /** Turns without work in a row. */
  misses: number;
}

/** Runs until `stopping` is aborted, then until what was taken is settled; never rejects. */
export async function workMonitor(context: MonitorContext): Promise<void> {
  const { clock, logger, random, signals } = context;
  const { stopping } = signals;
  const state: WorkState = {
    localClock: createMonitorsLocalClock(context),
    peer: createPeer(),
    probed: createSlots(BATCHES_PROBED_MAX),
    unsettled: createSlots(BATCHES_UNSETTLED_MAX),
    underWay: new Set(),
    misses: 0,
  };
  while (!stopping.aborted) {
    let waitMs: number;
    try {
      waitMs = await takeTurn(context, state);
    } catch (error) {
      if (stopping.aborted) break;
      logger.error({ error }, "turn of the work loop failed");
      state.misses += 1;
      waitMs = backOffDelayMs(WORK_BACK_OFF, state.misses, random);
    }
    if (waitMs > 0) await sleep(clock, waitMs, stopping).catch(() => {});
  }
  await Promise.all(state.underWay);
}

/** Asks for one batch and sets to work on it. Returns how long to wait before the next turn. */
async function takeTurn(context: MonitorContext, state: WorkState): Promise<number> {
  const { config, random, signals, socket } = context;
  const { localClock, peer, underWay } = state;
  // Work that cannot be done is better left to others.
  if (socket.failure !== undefined) throw socket.failure;
  const current = await config.inForce(signals.stopping);
  const clockRestMs = await localClock.restMs(current);
  if (clockRestMs > 0) return clockRestMs;
  // A control plane of the NTP Pool refuses a batch that comes after a later one.
  if (!current.peerIsTruechimer) await Promise.all(underWay);
  const slots = await takeSlots(state, signals.stopping);
  let work: Promise<void> | undefined;
  try {
    const answer = await askForWork(context);
    if (answer.kind !== "work") {
      state.misses += 1;
      const backOffMs = backOffDelayMs(WORK_BACK_OFF, state.misses, random);
      return restMs(answer, config.current, backOffMs);
    }
    state.misses = 0;
    work = workThrough(answer.batch, { context, peer, slots });
    const settled = work.then(() => void underWay.delete(settled));
    underWay.add(settled);
    return 0;
  } finally {
    if (work === undefined) giveBack(slots);
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
  readonly probed: GiveBack;
  readonly unsettled: GiveBack;
}

function giveBack({ probed, unsettled }: BatchSlots): void {
  probed();
  unsettled();
}

async function takeSlots(state: WorkState, signal: AbortSignal): Promise<BatchSlots> {
  const unsettled = await state.unsettled.take(signal);
  try {
    return { unsettled, probed: await state.probed.take(signal) };
  } catch (error) {
    unsettled();
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
    if (message.config !== undefined) config.set(monitorConfigFrom(message.config, context));
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

/** Probes and delivers, and gives the slots back; never rejects. */
async function workThrough(batch: WorkBatch, work: BatchWork): Promise<void> {
  const { context, slots } = work;
  const attributes = { batchID: batch.batchIdText, servers: batch.items.length };
  try {
    // One trace from here to the rows that the control plane writes.
    await withSpan("agent.batch", { attributes }, () => probeThenDeliver(batch, work));
  } catch (error) {
    context.logger.error({ batch: batch.batchIdText, error }, "batch failed");
  } finally {
    giveBack(slots);
  }
}

async function probeThenDeliver(
  batch: WorkBatch,
  { context, peer, slots }: BatchWork,
): Promise<void> {
  const { clock, config, logger, random, signals } = context;
  const checks = await probeBatch(batch, context, await config.inForce(signals.closing));
  slots.probed();
  if (checks.length === 0) return;
  const submissionId = createUlid(clock, random);
  await deliverSubmission({ submissionId, batchId: batch.batchId, checks }, context, peer);
  logger.debug({ batch: batch.batchIdText, results: checks.length }, "batch settled");
}

function createMonitorsLocalClock(context: MonitorContext): LocalClock {
  const { address, clock, config, logger, metrics, resolveHost, signals } = context;
  return createLocalClock({
    clock,
    logger,
    family: address.family,
    resolveHost,
    probe: async (target) => probe(target, context, await config.inForce(signals.stopping)),
    onChecked: (ok) => metrics.localClockChecked(ok),
    signal: signals.stopping,
  });
}
