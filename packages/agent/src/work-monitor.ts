// The work of one monitor: ask for a batch, set to work on its servers, ask for the next. Nothing waits for the slowest
// server of a batch. While the control plane is away, what it gave before is checked at its intervals.

import { createUlid, sleep, unixMsFromNs } from "@truechimer/base";
import { currentTraceparent, withSpan } from "@truechimer/telemetry";
import { backOffDelayMs, WORK_BACK_OFF } from "./back-off.ts";
import {
  type BatchResults,
  createBatchResults,
  type EndedCheck,
  GATHER_MS,
} from "./batch-results.ts";
import { type CheckStarter, createCheckStarter } from "./check-starter.ts";
import { createDurableLeases } from "./durable-leases.ts";
import { ItemCheck, type ItemCheckOptions } from "./item-check.ts";
import type { LeasedServer, Leases } from "./leases.ts";
import { createLocalClock, type LocalClock } from "./local-clock.ts";
import { GET_SERVERS_TIMEOUT_MS } from "./monitor-client.ts";
import { type MonitorConfig, monitorConfigFrom } from "./monitor-config.ts";
import type { MonitorContext } from "./monitor-context.ts";
import { probe } from "./probe-item.ts";
import { rpcFailureFrom } from "./rpc-failure.ts";
import { SUBMISSION_VERSION } from "./server-status.ts";
import { StatusEncoder } from "./status-encoder.ts";
import { encodeStatus, encodeSubmissionMessage } from "./submission.ts";
import { tracerouteStatus } from "./traceroute-status.ts";
import { createWaker, type Waker } from "./waker.ts";
import { parseWorkBatch, type WorkBatch, type WorkItem } from "./work-batch.ts";

/** Checks that one monitor has in line or in flight; no more work is taken meanwhile. */
const CHECKS_UNDER_WAY_MAX = 10_000;
/** A call for work that takes longer is no reason to leave leased servers alone. */
const AWAY_AFTER_MS = 10_000;
/** Leased work is looked at no more often: each look goes through all of it. */
const LEASE_LOOK_MS = 500;
/** Checks of a batch begin spread over a tenth of their interval, and no more than this. */
const START_SPREAD_MS_MAX = 1_000;
const START_SPREAD_SHARE = 0.1;
/** So few had just fallen due, and no more wait: a call and a submission cost more than the checks of one server. */
const SMALL_BATCH_SERVERS = 10;
/** After them, so that the next ones come together. */
const SMALL_BATCH_REST_MS = 500;
const NS_PER_MS = 1_000_000;

/** What became of asking for work. */
type Answer =
  | { readonly kind: "work"; readonly batch: WorkBatch }
  | { readonly kind: "nothing_due" }
  | { readonly kind: "failed"; readonly retryAfterMs: number | undefined };

interface WorkState {
  readonly localClock: LocalClock;
  readonly checks: CheckStarter;
  readonly leases: Leases;
  readonly statuses: StatusEncoder;
  /** What waits for neighbours before it is submitted. */
  readonly gathering: Set<BatchResults>;
  /** Gathers the results of leased checks, by batch. */
  readonly leased: Map<string, BatchResults>;
  /** Traceroutes in line and under way. */
  readonly tracing: Set<Promise<void>>;
  /** Submissions on their way into the queue. */
  readonly storing: Set<Promise<void>>;
  /** Ends the rest of the loop that works on leases. */
  readonly leaseWaker: Waker;
  /** Turns without work in a row. */
  misses: number;
  /** Since when no call for work was answered, on the monotonic clock. Absent: the last one was. */
  unansweredSinceNs: bigint | undefined;
}

/** Runs until `stopping` is aborted, then until what was taken is in the queue; never rejects. */
export async function workMonitor(context: MonitorContext): Promise<void> {
  const { clock, gate, logger } = context;
  const state: WorkState = {
    localClock: createMonitorsLocalClock(context),
    checks: createCheckStarter(clock),
    leases: createDurableLeases(context),
    statuses: new StatusEncoder(),
    gathering: new Set(),
    leased: new Map(),
    tracing: new Set(),
    storing: new Set(),
    leaseWaker: createWaker(),
    misses: 0,
    unansweredSinceNs: undefined,
  };
  const unsubscribe = gate.subscribe(() => {
    const { closedBy } = gate;
    if (closedBy === undefined) logger.info({}, "work is taken again");
    else logger.info({ because: closedBy }, "no work is taken");
    state.leaseWaker.wake();
  });
  await Promise.all([takeWork(context, state), workOnLeases(context, state)]);
  unsubscribe();
  await state.checks.fewerThan(1, NEVER);
  for (const results of state.gathering) results.flush();
  await Promise.all(state.tracing);
  await Promise.all(state.storing);
}

const NEVER: AbortSignal = new AbortController().signal;

async function takeWork(context: MonitorContext, state: WorkState): Promise<void> {
  const { clock, logger, random, signals } = context;
  const { stopping } = signals;
  while (!stopping.aborted) {
    let waitMs: number;
    try {
      waitMs = await takeTurn(context, state);
    } catch (error) {
      if (stopping.aborted) return;
      logger.error({ error }, "turn of the work loop failed");
      state.misses += 1;
      waitMs = backOffDelayMs(WORK_BACK_OFF, state.misses, random);
    }
    if (waitMs > 0) await sleep(clock, waitMs, stopping).catch(() => {});
  }
}

/** Asks for one batch and sets to work on it. Returns how long to wait before the next turn. */
async function takeTurn(context: MonitorContext, state: WorkState): Promise<number> {
  const { config, gate, random, signals, socket } = context;
  const { localClock, checks } = state;
  // Work that cannot be done is better left to others.
  if (socket.failure !== undefined) throw socket.failure;
  const current = await config.inForce(signals.stopping);
  await gate.whenOpen(signals.stopping);
  const clockRestMs = await localClock.restMs(current);
  if (clockRestMs > 0) return clockRestMs;
  // A control plane of the NTP Pool refuses a batch that comes after a later one.
  await checks.fewerThan(current.peerIsTruechimer ? CHECKS_UNDER_WAY_MAX : 1, signals.stopping);
  if (!current.peerIsTruechimer) await Promise.all(state.storing);
  // Any of them may have changed meanwhile.
  if (gate.closedBy !== undefined) return 0;
  const answer = await askForWork(context, state);
  if (answer.kind === "work") {
    state.misses = 0;
    startTraceroutes(answer.batch, context, state);
    startBatch(answer.batch, context, state);
    const isSmall = answer.batch.items.length < SMALL_BATCH_SERVERS;
    return isSmall && current.peerIsTruechimer ? SMALL_BATCH_REST_MS : 0;
  }
  state.misses += 1;
  const backOffMs = backOffDelayMs(WORK_BACK_OFF, state.misses, random);
  return restMs(answer, config.current, backOffMs);
}

function restMs(
  answer: Exclude<Answer, { kind: "work" }>,
  config: MonitorConfig | undefined,
  backOffMs: number,
): number {
  if (answer.kind === "nothing_due") return config?.idlePollIntervalMs ?? backOffMs;
  return answer.retryAfterMs ?? backOffMs;
}

async function askForWork(context: MonitorContext, state: WorkState): Promise<Answer> {
  const { address, client, clock, config, gate, logger, onRefused, signals } = context;
  const { cursor } = state.leases;
  state.unansweredSinceNs ??= clock.monotonicNs();
  state.leaseWaker.wake();
  try {
    const message = await client.getServers(
      {
        monId: address.text,
        submissionVersionMax: SUBMISSION_VERSION,
        ...(cursor === undefined ? {} : { withdrawalsAfter: cursor }),
      },
      { timeoutMs: GET_SERVERS_TIMEOUT_MS, signal: signals.stopping },
    );
    state.unansweredSinceNs = undefined;
    if (message.config !== undefined) config.set(monitorConfigFrom(message.config, context));
    const batch = parseWorkBatch(message);
    if (!batch.ok) {
      logger.error({ detail: batch.error }, "batch makes no sense");
      return { kind: "failed", retryAfterMs: undefined };
    }
    for (const detail of batch.value.leftOut) logger.warn({ detail }, "entry of a batch left out");
    state.leases.takeIn(batch.value, clock.monotonicNs());
    if (batch.value.items.length + batch.value.traceroutes.length === 0)
      return { kind: "nothing_due" };
    return { kind: "work", batch: batch.value };
  } catch (error) {
    if (signals.stopping.aborted) throw error;
    const { code, message, retryAfterMs, monitorRefused } = rpcFailureFrom(error);
    logger.warn({ code, detail: message }, "no work received");
    if (monitorRefused) {
      gate.setRefused(true);
      config.wanted.wake();
      onRefused();
    }
    return { kind: "failed", retryAfterMs };
  }
}

/** Each is a submission of its own: they are few, take half a minute, and nobody waits for them. */
function startTraceroutes(
  { batchId, traceroutes }: WorkBatch,
  context: MonitorContext,
  state: WorkState,
): void {
  const { batchTraceroutes, config, logger } = context;
  if (traceroutes.length === 0) return;
  if (config.current?.peerIsTruechimer !== true) {
    const entries = traceroutes.length;
    logger.warn({ entries }, "traceroutes of a batch left out: nobody would take what they find");
    return;
  }
  for (const item of traceroutes) {
    const traced = batchTraceroutes.trace(item, context).then((finished) => {
      state.tracing.delete(traced);
      if (finished === undefined) return;
      store([encodeStatus(tracerouteStatus(finished))], { batchId, context, state });
    });
    state.tracing.add(traced);
  }
}

function startBatch(batch: WorkBatch, context: MonitorContext, state: WorkState): void {
  const { clock, config, logger } = context;
  if (batch.items.length === 0) return;
  const inParts = config.current?.peerIsTruechimer === true;
  const attributes = { batchID: batch.batchIdText, servers: batch.items.length };
  // One trace from here to the rows that the control plane writes.
  void withSpan("agent.batch", { attributes }, async () => {
    const allEnded = Promise.withResolvers<void>();
    const { batchId } = batch;
    const traceparent = currentTraceparent();
    const results = createBatchResults({
      clock,
      expected: batch.items.length,
      gatherMs: inParts ? GATHER_MS : undefined,
      gathering: state.gathering,
      submit: (ended) => store(ended.map(statusOf), { batchId, traceparent, context, state }),
      onAllEnded: allEnded.resolve,
    });
    const { checks, statuses } = state;
    const options = { context, checks, results, statuses, period: context.gate.period };
    for (const item of batch.items) {
      if (startCheck(item, options)) continue;
      logger.debug({ server: item.address.text }, "server is being checked already: left out");
      results.ended(undefined);
    }
    await allEnded.promise;
  });
}

function startCheck(item: WorkItem, options: ItemCheckOptions): boolean {
  const { checks, context } = options;
  const delayMs = Math.round(startSpreadMs(item) * context.random.fraction());
  return checks.start(new ItemCheck(item, options), delayMs);
}

function statusOf({ status }: EndedCheck): Uint8Array {
  return status;
}

function startSpreadMs({ checkIntervalMs }: WorkItem): number {
  const share = (checkIntervalMs ?? Number.POSITIVE_INFINITY) * START_SPREAD_SHARE;
  return Math.min(share, START_SPREAD_MS_MAX);
}

interface StoreOptions {
  readonly batchId: Uint8Array;
  /** Of the span that the checks belong to. */
  readonly traceparent?: string | undefined;
  readonly context: MonitorContext;
  readonly state: WorkState;
}

function store(
  statuses: readonly Uint8Array[],
  { batchId, traceparent = "", context, state }: StoreOptions,
): void {
  const { address, clock, queue, random } = context;
  const monId = address.text;
  const createdAtMs = unixMsFromNs(clock.nowNs());
  const submissionId = createUlid(clock, random);
  const message = encodeSubmissionMessage({ submissionId, monId, batchId, statuses });
  const header = { submissionId, monId, results: statuses.length, createdAtMs, traceparent };
  const stored = queue.append(header, message).then(() => void state.storing.delete(stored));
  state.storing.add(stored);
}

/** While the control plane is away. */
async function workOnLeases(context: MonitorContext, state: WorkState): Promise<void> {
  const { clock, gate, logger, signals } = context;
  const { stopping } = signals;
  while (!stopping.aborted) {
    const untilDueMs = gate.closedBy === undefined ? leaseRestMs(context, state) : undefined;
    await state.leaseWaker.rest(clock, untilDueMs, stopping);
    if (stopping.aborted) return;
    if (gate.closedBy !== undefined || !isAway(context, state)) continue;
    try {
      await startDueLeases(context, state);
    } catch (error) {
      if (!stopping.aborted) logger.error({ error }, "leased work failed");
    }
  }
}

/** Absent: the control plane answers. */
function leaseRestMs({ clock }: MonitorContext, state: WorkState): number | undefined {
  const { leases, unansweredSinceNs } = state;
  if (unansweredSinceNs === undefined) return;
  const nowNs = clock.monotonicNs();
  const awayNs = unansweredSinceNs + BigInt(AWAY_AFTER_MS * NS_PER_MS);
  // Not before: to find the next that is due means to go through all of them, and most calls are answered.
  const nextNs = nowNs < awayNs ? awayNs : leases.nextDueNs(nowNs);
  if (nextNs === undefined) return;
  return Math.max(LEASE_LOOK_MS, Math.ceil(Number(nextNs - nowNs) / NS_PER_MS));
}

function isAway({ clock }: MonitorContext, { unansweredSinceNs }: WorkState): boolean {
  if (unansweredSinceNs === undefined) return false;
  return clock.monotonicNs() - unansweredSinceNs >= BigInt(AWAY_AFTER_MS * NS_PER_MS);
}

async function startDueLeases(context: MonitorContext, state: WorkState): Promise<void> {
  const { clock, config, signals, socket } = context;
  const current = config.current;
  if (socket.failure !== undefined || current === undefined) return;
  if ((await state.localClock.restMs(current)) > 0) return;
  if (signals.stopping.aborted) return;
  const due = state.leases.takeDue(clock.monotonicNs());
  if (due.length === 0) return;
  context.logger.debug(
    { servers: due.length },
    "control plane is away: leased servers are checked",
  );
  const { checks, statuses } = state;
  const { period } = context.gate;
  for (const leased of due) {
    const results = leasedResults(leased, context, state);
    startCheck(leased.item, { context, checks, results, statuses, period });
  }
}

function leasedResults(
  { batchId, batchIdText }: LeasedServer,
  context: MonitorContext,
  state: WorkState,
): BatchResults {
  const known = state.leased.get(batchIdText);
  if (known !== undefined) return known;
  const results = createBatchResults({
    clock: context.clock,
    gatherMs: GATHER_MS,
    gathering: state.gathering,
    submit: (ended) => {
      state.leased.delete(batchIdText);
      store(ended.map(statusOf), { batchId, context, state });
    },
  });
  state.leased.set(batchIdText, results);
  return results;
}

function createMonitorsLocalClock(context: MonitorContext): LocalClock {
  const { address, clock, logger, metrics, resolveHost, signals } = context;
  return createLocalClock({
    clock,
    logger,
    family: address.family,
    resolveHost,
    probe: async (target) => await probe(target, context, context.gate.period),
    onChecked: (finding) => metrics.localClockChecked({ ...finding, family: address.family }),
    signal: signals.stopping,
  });
}
