// Brings one monitor's queue to the control plane, the oldest first, each under its own id again and again until it is
// counted or never will be. What the control plane chokes on steps aside, so that it keeps nothing else waiting.

import type { monitorV2 } from "@truechimer/api";
import { inTrace } from "@truechimer/telemetry";
import { backOffDelayMs, SUBMIT_BACK_OFF } from "./back-off.ts";
import { SUBMIT_TIMEOUT_MS } from "./monitor-client.ts";
import type { ControlPlaneContext, StopSignals } from "./monitor-context.ts";
import type { SubmissionHeader } from "./queue/queue-record.ts";
import { type RpcFailure, rpcFailureFrom } from "./rpc-failure.ts";
import { LEGACY_SUBMISSION_VERSION, SUBMISSION_VERSION } from "./server-status.ts";
import {
  legacySubmission,
  parseSubmissionMessage,
  storedSubmission,
  submittedServer,
} from "./submission.ts";
import { createWaker } from "./waker.ts";

/** With more aside it is not the submissions that are at fault: everything waits. */
const ASIDE_MAX = 32;
const NS_PER_MS = 1_000_000;

interface Aside {
  failures: number;
  tryAtNs: bigint;
}

export interface DeliveryOptions {
  /** `stopping`: nothing more will come; `closing`: give up. */
  readonly signals: Pick<StopSignals, "stopping" | "closing">;
  /** Resolves when nothing more will be appended for this monitor. */
  readonly noMore: Promise<void>;
}

/** Runs until nothing more comes and all is delivered, or until `closing` is aborted; never rejects. */
export async function deliverSubmissions(
  context: ControlPlaneContext,
  { signals, noMore }: DeliveryOptions,
): Promise<void> {
  const { address, clock, queue, random } = context;
  const monId = address.text;
  const waker = createWaker();
  const unsubscribe = queue.subscribe(() => waker.wake());
  const aside = new Map<string, Aside>();
  let ended = false;
  let failures = 0;
  void noMore.then(() => {
    ended = true;
    waker.wake();
  });
  try {
    while (!signals.closing.aborted) {
      const next = nextToDeliver(context, aside);
      if (next === undefined) {
        if (ended && queue.count(monId) === 0) return;
        await waker.rest(clock, asideRestMs(context, aside), signals.closing);
        continue;
      }
      const failure = await inTrace(next.traceparent || undefined, () =>
        deliver(next, context, signals.closing),
      );
      if (failure === undefined) {
        failures = 0;
        aside.delete(next.submissionId);
        continue;
      }
      // What is kept on the disk is safe: a stop does not wait for a control plane that is away.
      if (ended && queue.durable) return;
      if (failure.peerFailed && aside.size < ASIDE_MAX) {
        stepAside(next, aside, context);
        continue;
      }
      failures += 1;
      const restMs = failure.retryAfterMs ?? backOffDelayMs(SUBMIT_BACK_OFF, failures, random);
      // Not cut short by what is appended meanwhile: it would only wait behind.
      await createWaker().rest(clock, restMs, signals.closing);
    }
  } finally {
    unsubscribe();
  }
}

/** What was set aside and is due again is older than all else. */
function nextToDeliver(
  { address, clock, queue }: ControlPlaneContext,
  aside: Map<string, Aside>,
): SubmissionHeader | undefined {
  const nowNs = clock.monotonicNs();
  const notYet = new Set([...aside].flatMap(([id, { tryAtNs }]) => (tryAtNs > nowNs ? [id] : [])));
  const next = queue.next(address.text, notYet);
  // What is due and not there any more was dropped by the queue.
  if (next === undefined) for (const id of aside.keys()) if (!notYet.has(id)) aside.delete(id);
  return next;
}

function asideRestMs(
  { clock }: ControlPlaneContext,
  aside: ReadonlyMap<string, Aside>,
): number | undefined {
  const nowNs = clock.monotonicNs();
  const rests = [...aside.values()].map(({ tryAtNs }) => Number(tryAtNs - nowNs) / NS_PER_MS);
  return rests.length === 0 ? undefined : Math.max(1, Math.ceil(Math.min(...rests)));
}

function stepAside(
  { submissionId }: SubmissionHeader,
  aside: Map<string, Aside>,
  { clock, random }: ControlPlaneContext,
): void {
  const failures = (aside.get(submissionId)?.failures ?? 0) + 1;
  const restMs = backOffDelayMs(SUBMIT_BACK_OFF, failures, random);
  const tryAtNs = clock.monotonicNs() + BigInt(Math.ceil(restMs * NS_PER_MS));
  aside.set(submissionId, { failures, tryAtNs });
}

/** Absent: settled, one way or the other. */
async function deliver(
  header: SubmissionHeader,
  context: ControlPlaneContext,
  closing: AbortSignal,
): Promise<RpcFailure | undefined> {
  const { logger, peer, queue } = context;
  const { submissionId } = header;
  const bytes = await queue.message(submissionId);
  if (bytes === undefined) return undefined;
  if (peer.isLegacy) return await deliverLegacy(header, bytes, { context, closing });
  const failure = await submit(
    {
      message: storedSubmission(bytes),
      results: header.results,
      serverAt: (index) => submittedServer(parseSubmissionMessage(bytes), index),
    },
    context,
    closing,
  );
  if (failure === undefined) {
    peer.accepted(SUBMISSION_VERSION);
    await queue.settle(submissionId);
    return undefined;
  }
  if (failure.versionMayBeTooNew && mayBeLegacy(context)) {
    return await deliverLegacy(header, bytes, { context, closing });
  }
  if (failure.final) {
    await queue.settle(submissionId);
    reportLost(header, context, failure);
    return undefined;
  }
  logger.warn(
    { code: failure.code, detail: failure.message, waiting: queue.count(header.monId) },
    "results not delivered yet",
  );
  return failure;
}

/** As long as there is no configuration, nobody knows. */
function mayBeLegacy({ config }: ControlPlaneContext): boolean {
  return config.current !== undefined && !config.current.peerIsTruechimer;
}

/**
 * A control plane of the NTP Pool counts a batch each time that it comes, so it is sent once: it leaves the queue before.
 */
async function deliverLegacy(
  header: SubmissionHeader,
  bytes: Uint8Array,
  { context, closing }: { readonly context: ControlPlaneContext; readonly closing: AbortSignal },
): Promise<undefined> {
  await context.queue.settle(header.submissionId, "now");
  const message = parseSubmissionMessage(bytes);
  const legacy = legacySubmission(message);
  const traceroutes = message.list.length - legacy.list.length;
  if (traceroutes > 0) reportLost({ ...header, results: traceroutes }, context, NO_TRACEROUTES);
  if (legacy.list.length === 0) return undefined;
  const sent = {
    message: legacy,
    results: legacy.list.length,
    serverAt: (index: number) => submittedServer(legacy, index),
  };
  const failure = await submit(sent, context, closing);
  if (failure === undefined) context.peer.accepted(LEGACY_SUBMISSION_VERSION);
  else reportLost({ ...header, results: legacy.list.length }, context, failure);
  return undefined;
}

interface SentSubmission {
  readonly message: monitorV2.SubmitResultsRequest;
  readonly results: number;
  /** Of the server at a place of it, for people. */
  readonly serverAt: (index: number) => string | undefined;
}

async function submit(
  { message, results, serverAt }: SentSubmission,
  { client, logger, metrics }: ControlPlaneContext,
  closing: AbortSignal,
): Promise<RpcFailure | undefined> {
  try {
    const answer = await client.submitResults(message, {
      timeoutMs: SUBMIT_TIMEOUT_MS,
      signal: closing,
    });
    if (!answer.ok) return NOT_OK;
    metrics.resultsAccepted(results - answer.refused.length);
    for (const { index, code, message: detail } of answer.refused) {
      metrics.resultsLost(1, code);
      logger.warn({ server: serverAt(index), code, detail }, "result refused");
    }
    return undefined;
  } catch (error) {
    return rpcFailureFrom(error);
  }
}

const NO_TRACEROUTES = {
  code: "unsupported_version",
  message: "this control plane takes no traceroutes",
} as const;

/** An answer without an error that is not "ok" either, as the NTP Pool's agent knows it. */
const NOT_OK: RpcFailure = {
  code: "not_ok",
  message: "the control plane answered that the results are not okay",
  retryAfterMs: undefined,
  final: false,
  versionMayBeTooNew: false,
  monitorRefused: false,
  peerFailed: true,
};

function reportLost(
  { submissionId, results }: SubmissionHeader,
  { logger, metrics }: Pick<ControlPlaneContext, "logger" | "metrics">,
  { code, message }: Pick<RpcFailure, "code" | "message">,
): void {
  metrics.resultsLost(results, code);
  logger.error({ submissionId, results, code, detail: message }, "results lost");
}
