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
import { type CallingMonitor, requireLive } from "./authenticate-monitor.ts";
import { checkTickets } from "./check-tickets.ts";
import { countOutcomes, countResults } from "./count-results.ts";
import { asMonitor, type FoundMonitor, MONITOR_CHANGED } from "./known-monitors.ts";
import type { ParsedStatus, StatusRefusal } from "./parse-status.ts";
import { parseStatuses, parseSubmission, type Submission } from "./parse-submission.ts";
import type { ParsedTraceroute } from "./parse-traced-status.ts";
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
  const traceId = parseTraceparent(header("traceparent") ?? "")?.traceId ?? currentTraceId();
  return await asMonitor(context, { credential, monId: request.monId }, async (found) => {
    const read = await readAs(context, request, found);
    return read === undefined
      ? MONITOR_CHANGED
      : await countRead(context, read, { cameAs, traceId });
  });
}

/** What a submission says to a monitor that sends it. */
interface ReadSubmission {
  readonly monitor: CallingMonitor;
  readonly submission: Submission;
  readonly ticketed: boolean;
  readonly statuses: readonly ParsedStatus[];
  readonly traceroutes: readonly ParsedTraceroute[];
  /** Checks that the agent's own clock spoilt say nothing about the server: they are taken, and not recorded. */
  readonly spoilt: number;
  readonly refusals: readonly StatusRefusal[];
  /** There were tickets, and none of them holds. */
  readonly noTicketHolds: boolean;
}

/** Undefined: it would be refused by what is remembered of the monitor. */
async function readAs(
  context: ServerContext,
  request: monitorV2.SubmitResultsRequest,
  { monitor, isRemembered }: FoundMonitor,
): Promise<ReadSubmission | undefined> {
  if (!isRemembered) return await readSubmission(context, request, monitor);
  try {
    const read = await readSubmission(context, request, monitor);
    return hasResults(read) ? read : undefined;
  } catch (error) {
    if (error instanceof AppError) return undefined;
    throw error;
  }
}

const hasResults = ({ statuses, traceroutes }: ReadSubmission): boolean =>
  statuses.length + traceroutes.length > 0;

async function readSubmission(
  context: ServerContext,
  request: monitorV2.SubmitResultsRequest,
  monitor: CallingMonitor,
): Promise<ReadSubmission> {
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
  const statuses = checked.held.filter(({ reason }) => !isAgentFault(reason));
  return {
    monitor,
    submission,
    ticketed,
    statuses,
    traceroutes: traced.held,
    spoilt: checked.held.length - statuses.length,
    refusals: [...refusals, ...badTickets],
    noTicketHolds: checked.held.length === 0 && badTickets.length > 0,
  };
}

async function countRead(
  context: ServerContext,
  read: ReadSubmission,
  {
    cameAs,
    traceId,
  }: { readonly cameAs: CameAs | undefined; readonly traceId: string | undefined },
): Promise<monitorV2.SubmitResultsResponse | typeof MONITOR_CHANGED> {
  const { monitor, submission, ticketed, statuses, traceroutes, refusals } = read;
  const outcome = hasResults(read)
    ? await storeCounted(context, submission, {
        monitor,
        submissionId: submission.id,
        batchId: submission.batchId,
        batchAtUs: unixUsFromNs(submission.batchAtNs),
        oncePerBatch: submission.version < FIRST_VERSION_WITH_PORTS,
        ticketed,
        statuses: statuses.map((status) => ({
          status,
          atUs: unixUsFromNs(status.atNs),
          wire: submission.list[status.index],
          exchangesCameAs: cameAs?.exchanges?.[status.index],
        })),
        traceroutes,
        refusals,
        traceId,
      })
    : undefined;
  if (outcome?.kind === "monitor_changed") return MONITOR_CHANGED;
  countResults(context, { monitor, submission, result: "agent_fault", by: read.spoilt });
  if (outcome === undefined) return nothingCounted(context, read);
  if (outcome.kind === "duplicate") {
    countResults(context, { monitor, submission, result: "duplicate", by: submission.list.length });
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
  { monitor, submission, refusals, noTicketHolds }: ReadSubmission,
): monitorV2.SubmitResultsResponse {
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
