// Brings the results of one batch to the control plane: again and again under the same submission id until it has
// counted them, or says that it never will. A result is lost only when its ticket has ended.

import type { monitorV2 } from "@truechimer/api";
import { sleep } from "@truechimer/base";
import { backOffDelayMs, SUBMIT_BACK_OFF } from "./back-off.ts";
import { SUBMIT_TIMEOUT_MS } from "./monitor-client.ts";
import type { MonitorContext } from "./monitor-context.ts";
import type { Peer } from "./peer.ts";
import { type RpcFailure, rpcFailureFrom } from "./rpc-failure.ts";
import { type Submission, submissionMessage } from "./submission.ts";

/** Resolves when the submission is settled, one way or the other; never rejects. */
export async function deliverSubmission(
  submission: Submission,
  context: MonitorContext,
  peer: Peer,
): Promise<void> {
  const { clock, random, signals } = context;
  for (let failures = 1; ; failures += 1) {
    const failure = await submitOnce(submission, context, peer);
    if (failure === undefined) return;
    if (signals.closing.aborted) {
      reportLost(submission, context, { code: "stopped", message: "the agent was stopped" });
      return;
    }
    if (isHopeless(failure, peer)) {
      reportLost(submission, context, failure);
      return;
    }
    const restMs = failure.retryAfterMs ?? backOffDelayMs(SUBMIT_BACK_OFF, failures, random);
    context.logger.warn(
      { code: failure.code, detail: failure.message, tries: failures, restMs: Math.round(restMs) },
      "results not delivered yet",
    );
    await sleep(clock, restMs, signals.closing).catch(() => {});
  }
}

/** Tries version 5 and, where the peer may be too old for it, version 4 right after. Absent: settled. */
async function submitOnce(
  submission: Submission,
  context: MonitorContext,
  peer: Peer,
): Promise<RpcFailure | undefined> {
  const first = await submitAs(submission, context, peer);
  const mayBeTooOld = context.config.current?.peerIsTruechimer !== true && !peer.isLegacy;
  if (first === undefined || !first.versionMayBeTooNew || !mayBeTooOld) return first;
  peer.triedInVain(peer.version);
  const second = await submitAs(submission, context, peer);
  if (second !== undefined) peer.triedInVain(peer.version);
  return second;
}

async function submitAs(
  submission: Submission,
  context: MonitorContext,
  peer: Peer,
): Promise<RpcFailure | undefined> {
  const { address, client, signals } = context;
  const { version } = peer;
  try {
    const message = submissionMessage(submission, { monId: address.text, version });
    const answer = await client.submitResults(message, {
      timeoutMs: SUBMIT_TIMEOUT_MS,
      signal: signals.closing,
    });
    if (!answer.ok) return NOT_OK;
    peer.accepted(version);
    reportSettled(submission, context, answer);
    return undefined;
  } catch (error) {
    return rpcFailureFrom(error);
  }
}

/** An answer without an error that is not "ok" either, as the NTP Pool's agent knows it. */
const NOT_OK: RpcFailure = {
  code: "not_ok",
  message: "the control plane answered that the results are not okay",
  retryAfterMs: undefined,
  final: false,
  versionMayBeTooNew: false,
};

/**
 * A control plane of the NTP Pool counts a batch each time that it comes, so what may have arrived is not sent again.
 */
function isHopeless(failure: RpcFailure, peer: Peer): boolean {
  return failure.final || peer.isLegacy;
}

function reportSettled(
  submission: Submission,
  { logger, metrics }: MonitorContext,
  answer: monitorV2.SubmitResultsResponse,
): void {
  metrics.resultsAccepted(submission.checks.length - answer.refused.length);
  for (const { index, code, message } of answer.refused) {
    const server = submission.checks[index]?.item.address.text;
    metrics.resultsLost(1, code);
    logger.warn({ server, code, detail: message }, "result refused");
  }
}

function reportLost(
  { checks, submissionId }: Submission,
  { logger, metrics }: MonitorContext,
  { code, message }: Pick<RpcFailure, "code" | "message">,
): void {
  metrics.resultsLost(checks.length, code);
  logger.error({ submissionId, results: checks.length, code, detail: message }, "results lost");
}
