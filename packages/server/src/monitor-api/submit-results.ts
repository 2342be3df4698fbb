// SubmitResults: everything is parsed and every ticket checked before the first write; then one transaction counts the
// submission or none of it. Sending it again, to whichever replica, gives the answer of the first time.

import { create, fromBinary } from "@bufbuild/protobuf";
import { monitorV2 } from "@truechimer/api";
import { AppError } from "@truechimer/base";
import { unixUsFromNs } from "@truechimer/database";
import { isAgentFault } from "@truechimer/ntp";
import { currentTraceId, parseTraceparent, withSpan } from "@truechimer/telemetry";
import type { ServerContext } from "../context.ts";
import type { AgentCall } from "../enrolment/agent-call.ts";
import { authenticateMonitor, type CallingMonitor, requireLive } from "./authenticate-monitor.ts";
import { checkTickets } from "./check-tickets.ts";
import { countOutcomes, countResults } from "./count-results.ts";
import type { StatusRefusal } from "./parse-status.ts";
import { parseStatuses, parseSubmission, type Submission } from "./parse-submission.ts";
import type { StoreOutcome, SubmissionToStore } from "./store-submissions.ts";
import {
  FIRST_VERSION_WITH_PORTS,
  FIRST_VERSION_WITH_TICKETS,
  versionsTaken,
} from "./submission-version.ts";

/** The bytes of a request's statuses, for those who want them as they are. */
interface CameAs {
  /** Of each status its exchanges. */
  readonly exchanges: readonly (readonly Uint8Array[])[] | undefined;
}

export async function submitResults(
  context: ServerContext,
  request: monitorV2.SubmitResultsRequest,
  { header, credential }: AgentCall,
  cameAs?: CameAs,
): Promise<monitorV2.SubmitResultsResponse> {
  const monitor = await authenticateMonitor(context, {
    credential,
    monId: request.monId,
  });
  // Also of one that was paused meanwhile: what it measured while it was live counts.
  const submission = parseSubmission(request, {
    nowNs: context.clock.nowNs(),
    versions: versionsTaken(context.agents),
  });
  const ticketed = submission.version >= FIRST_VERSION_WITH_TICKETS;
  if (!ticketed) requireLive(monitor);
  const { parsed, traceroutes, refusals } = parseStatuses(monitor, submission);
  const checked = await checkTickets(context, { monitor, submission, parsed, ticketed });
  const traced = await checkTickets(context, {
    monitor,
    submission,
    parsed: traceroutes,
    ticketed: true,
  });
  const badTickets = [...checked.refusals, ...traced.refusals];
  const early = [...refusals, ...badTickets];
  // A check that the agent's own clock spoilt says nothing about the server: it is taken, and not recorded.
  const telling = checked.held.filter(({ reason }) => !isAgentFault(reason));
  const spoilt = checked.held.length - telling.length;
  countResults(context, { monitor, submission, result: "agent_fault", by: spoilt });
  if (telling.length + traced.held.length === 0) {
    const noTicketHolds = checked.held.length === 0 && badTickets.length > 0;
    return nothingCounted(context, { monitor, submission, refusals: early, noTicketHolds });
  }
  const outcome = await storeCounted(context, submission, {
    monitor,
    submissionId: submission.id,
    batchId: submission.batchId,
    batchAtUs: unixUsFromNs(submission.batchAtNs),
    oncePerBatch: submission.version < FIRST_VERSION_WITH_PORTS,
    ticketed,
    statuses: telling.map((status) => ({
      status,
      atUs: unixUsFromNs(status.atNs),
      wire: request.list[status.index],
      exchangesCameAs: cameAs?.exchanges?.[status.index],
    })),
    traceroutes: traced.held,
    refusals: early,
    traceId: parseTraceparent(header("traceparent") ?? "")?.traceId ?? currentTraceId(),
  });
  if (outcome.kind === "duplicate") {
    countResults(context, { monitor, submission, result: "duplicate", by: request.list.length });
    return duplicateAnswer(outcome.answer);
  }
  countOutcomes(context, { monitor, submission, ...outcome });
  countResults(context, { monitor, submission, result: "traceroute", by: outcome.traceroutes });
  context.wakeScorer();
  return answerWith(outcome.refusals);
}

/** A batch that came too late is counted as such before the agent is told. */
async function storeCounted(
  context: ServerContext,
  submission: Submission,
  toStore: SubmissionToStore,
): Promise<StoreOutcome> {
  try {
    return await storeTogether(context, toStore);
  } catch (error) {
    if (error instanceof AppError && error.code === "batch_out_of_order") {
      const { monitor, statuses } = toStore;
      countResults(context, {
        monitor,
        submission,
        result: "batch_out_of_order",
        by: statuses.length,
      });
    }
    throw error;
  }
}

/** Together with those of other monitors that came at the same time. */
function storeTogether(
  context: ServerContext,
  submission: SubmissionToStore,
): Promise<StoreOutcome> {
  const attributes = {
    "truechimer.monitor": submission.monitor.name,
    "truechimer.submission": submission.submissionId,
    "truechimer.batch": submission.batchId,
    "truechimer.statuses": submission.statuses.length,
    "truechimer.traceroutes": submission.traceroutes.length,
  };
  return withSpan("store submission", { attributes }, async (span) => {
    const outcome = await context.monitorCalls.store(submission);
    if (outcome.kind === "counted") {
      span.setAttribute("truechimer.log_scores", outcome.logScoreIds.join(","));
    }
    return outcome;
  });
}

/** Agents below version 5 do not read `refused`: they are told by an error. So is a batch without any valid ticket. */
function nothingCounted(
  context: ServerContext,
  input: {
    readonly monitor: CallingMonitor;
    readonly submission: Submission;
    readonly refusals: readonly StatusRefusal[];
    readonly noTicketHolds: boolean;
  },
): monitorV2.SubmitResultsResponse {
  const { monitor, submission, refusals, noTicketHolds } = input;
  const badTickets = refusals.filter(({ code }) => code === "bad_ticket").length;
  countResults(context, { monitor, submission, result: "signature_validation", by: badTickets });
  countResults(context, {
    monitor,
    submission,
    result: "refused",
    by: refusals.length - badTickets,
  });
  const told = noTicketHolds ? refusals.find(({ code }) => code === "bad_ticket") : refusals[0];
  const asError = noTicketHolds || submission.version < FIRST_VERSION_WITH_PORTS;
  if (told !== undefined && asError) throw new AppError(told.code, told.message);
  return answerWith(refusals);
}

function answerWith(refusals: readonly StatusRefusal[]): monitorV2.SubmitResultsResponse {
  const refused = refusals.toSorted((a, b) => a.index - b.index);
  return create(monitorV2.SubmitResultsResponseSchema, {
    ok: true,
    refused: refused.map((each) => create(monitorV2.RefusedStatusSchema, each)),
  });
}

function duplicateAnswer(stored: Uint8Array | undefined): monitorV2.SubmitResultsResponse {
  const first =
    stored === undefined
      ? create(monitorV2.SubmitResultsResponseSchema, { ok: true })
      : fromBinary(monitorV2.SubmitResultsResponseSchema, stored);
  first.duplicate = true;
  return first;
}
