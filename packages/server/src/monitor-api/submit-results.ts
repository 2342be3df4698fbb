// SubmitResults: everything is parsed and every ticket checked before the first write; then one transaction counts the
// submission or none of it. Sending it again, to whichever replica, gives the answer of the first time.

import { create, fromBinary } from "@bufbuild/protobuf";
import { monitorV2 } from "@truechimer/api";
import { AppError, isUlid, type UnixNs, ulidTimeMs } from "@truechimer/base";
import { isAgentFault } from "@truechimer/ntp";
import { currentTraceId, parseTraceparent } from "@truechimer/telemetry";
import type { ServerContext } from "../context.ts";
import { authenticateMonitor, type CallingMonitor, requireLive } from "./authenticate-monitor.ts";
import { isZeroOffsetSafe } from "./client-version.ts";
import { type ParsedStatus, parseStatus, type StatusRefusal } from "./parse-status.ts";
import {
  type CountedStatus,
  type StoreOutcome,
  type SubmissionToStore,
  storeSubmission,
} from "./store-submission.ts";
import { FIRST_VERSION_WITH_PORTS, SUBMISSION_VERSIONS } from "./submission-version.ts";
import { ticketHolds, ticketKeyVersion } from "./ticket.ts";

/** A batch has 10 to 500 servers. */
const STATUSES_MAX = 500;
/** The life of a batch and its tickets. */
const BATCH_LIFE_NS = 24n * 3_600n * 1_000_000_000n;
/** How far ahead the clock of another replica's database may have been. */
const BATCH_AHEAD_NS = 300_000_000_000n;

export async function submitResults(
  context: ServerContext,
  request: monitorV2.SubmitResultsRequest,
  headers: Headers,
): Promise<monitorV2.SubmitResultsResponse> {
  const monitor = await authenticateMonitor(context.database, {
    authorization: headers.get("authorization"),
    monId: request.monId,
  });
  requireLive(monitor);
  const submission = parseSubmission(request, context.clock.nowNs());
  const { parsed, refusals } = parseStatuses(monitor, submission);
  const checked = await checkTickets(context, { monitor, submission, parsed });
  const early = [...refusals, ...checked.refusals];
  // A check that the agent's own clock spoilt says nothing about the server: it is taken, and not recorded.
  const telling = checked.held.filter(({ reason }) => !isAgentFault(reason));
  const spoilt = checked.held.length - telling.length;
  countResults(context, { monitor, submission, result: "agent_fault", by: spoilt });
  if (telling.length === 0) {
    const noTicketHolds = checked.held.length === 0 && checked.refusals.length > 0;
    return nothingCounted(context, { monitor, submission, refusals: early, noTicketHolds });
  }
  const outcome = await storeCounted(context, {
    monitor,
    submissionId: submission.id,
    batchId: submission.batchId,
    inOrder: submission.version < FIRST_VERSION_WITH_PORTS,
    statuses: telling.map((status) => ({ status, wire: request.list[status.index] })),
    refusals: early,
    traceId: parseTraceparent(headers.get("traceparent") ?? "")?.traceId ?? currentTraceId(),
  });
  if (outcome.kind === "duplicate") {
    countResults(context, { monitor, submission, result: "duplicate", by: request.list.length });
    return duplicateAnswer(outcome.answer);
  }
  countOutcomes(context, { monitor, submission, ...outcome });
  context.wakeScorer();
  return answerWith(outcome.refusals);
}

/** A batch that came too late is counted as such before the agent is told. */
async function storeCounted(
  context: ServerContext,
  submission: SubmissionToStore,
): Promise<StoreOutcome> {
  try {
    return await storeSubmission(context, submission);
  } catch (error) {
    if (error instanceof AppError && error.code === "batch_out_of_order") {
      const { monitor, statuses } = submission;
      const labels = { monitor: monitor.name, ip_version: monitor.family, version: "4" };
      context.metrics.testsCompleted.inc(
        { ...labels, result: "batch_out_of_order" },
        statuses.length,
      );
    }
    throw error;
  }
}

interface Submission {
  readonly version: number;
  readonly id: string;
  readonly batchId: string;
  readonly batchAtNs: UnixNs;
  readonly nowNs: UnixNs;
  readonly list: readonly monitorV2.ServerStatus[];
}

function parseSubmission(request: monitorV2.SubmitResultsRequest, nowNs: UnixNs): Submission {
  const { version, list } = request;
  if (!SUBMISSION_VERSIONS.includes(version)) {
    throw new AppError(
      "unsupported_version",
      `Unsupported data version ${version}: this control plane takes ${SUBMISSION_VERSIONS.join(", ")}`,
    );
  }
  if (list.length > STATUSES_MAX) {
    throw new AppError(
      "limit_exceeded",
      `${list.length} statuses in one submission: at most ${STATUSES_MAX}`,
    );
  }
  const batchId = Buffer.from(request.batchId).toString("latin1");
  if (!isUlid(batchId)) {
    throw new AppError(
      "bad_request",
      "invalid batch ID: expected the 26 characters of a ULID, as received",
    );
  }
  const batchAtNs = BigInt(ulidTimeMs(batchId)) * 1_000_000n;
  if (batchAtNs < nowNs - BATCH_LIFE_NS) {
    throw new AppError(
      "ticket_expired",
      "the batch is older than 24 h: its results are of no use any more",
    );
  }
  if (batchAtNs > nowNs + BATCH_AHEAD_NS) {
    throw new AppError("bad_request", "invalid batch ID: it lies in the future");
  }
  return { version, id: submissionId(request, batchId), batchId, batchAtNs, nowNs, list };
}

/** What a repetition is known by: from version 5 the agent's own id, below it the batch. */
function submissionId(request: monitorV2.SubmitResultsRequest, batchId: string): string {
  if (request.version < FIRST_VERSION_WITH_PORTS) return batchId;
  const id = request.submissionId ?? "";
  if (!isUlid(id)) {
    throw new AppError("bad_request", "submission_id is needed from version 5 on: expected a ULID");
  }
  return id;
}

function parseStatuses(
  monitor: CallingMonitor,
  submission: Submission,
): { readonly parsed: readonly ParsedStatus[]; readonly refusals: readonly StatusRefusal[] } {
  const { version, batchAtNs, nowNs } = submission;
  const zeroOffsetSafe =
    version >= FIRST_VERSION_WITH_PORTS || isZeroOffsetSafe(monitor.clientVersion);
  const parsed: ParsedStatus[] = [];
  const refusals: StatusRefusal[] = [];
  for (const [index, wire] of submission.list.entries()) {
    const result = parseStatus(wire, { index, version, zeroOffsetSafe, batchAtNs, nowNs });
    if (result.ok) parsed.push(result.value);
    else refusals.push(result.error);
  }
  return { parsed, refusals };
}

async function checkTickets(
  context: ServerContext,
  input: {
    readonly monitor: CallingMonitor;
    readonly submission: Submission;
    readonly parsed: readonly ParsedStatus[];
  },
): Promise<{
  readonly held: readonly ParsedStatus[];
  readonly refusals: readonly StatusRefusal[];
}> {
  const { monitor, submission, parsed } = input;
  const held: ParsedStatus[] = [];
  const refusals: StatusRefusal[] = [];
  const seen = new Set<string>();
  for (const status of parsed) {
    const version = ticketKeyVersion(status.ticket);
    const key = version === undefined ? undefined : await context.ticketKeys.byVersion(version);
    const { address, port } = status;
    const fields = {
      monitorId: monitor.id,
      batchId: submission.batchId,
      addressBytes: address.bytes,
      port,
    };
    const { index } = status;
    if (key === undefined || !ticketHolds(status.ticket, fields, key)) {
      const message =
        "signature validation failed: the ticket is not for this monitor, batch and server";
      refusals.push({ index, code: "bad_ticket", message });
    } else if (seen.has(`${address.text} ${port}`)) {
      const message = "this server is in the list already: one status a server counts";
      refusals.push({ index, code: "conflict", message });
    } else {
      seen.add(`${address.text} ${port}`);
      held.push(status);
    }
  }
  return { held, refusals };
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

type ResultLabel =
  | "ok"
  | "offset"
  | "timeout"
  | "signature_validation"
  | "batch_out_of_order"
  | "refused"
  | "agent_fault"
  | "duplicate";

function countOutcomes(
  context: ServerContext,
  input: {
    readonly monitor: CallingMonitor;
    readonly submission: Submission;
    readonly counted: readonly CountedStatus[];
    readonly refusals: readonly StatusRefusal[];
  },
): void {
  const { counted, refusals, ...rest } = input;
  for (const { step } of counted) {
    const result = step === -5 ? "timeout" : step < 1 ? "offset" : "ok";
    countResults(context, { ...rest, result, by: 1 });
  }
  for (const { code } of refusals) {
    const result =
      code === "bad_ticket"
        ? "signature_validation"
        : code === "batch_out_of_order"
          ? "batch_out_of_order"
          : "refused";
    countResults(context, { ...rest, result, by: 1 });
  }
}

function countResults(
  context: ServerContext,
  input: {
    readonly monitor: CallingMonitor;
    readonly submission: Submission;
    readonly result: ResultLabel;
    readonly by: number;
  },
): void {
  const { monitor, submission, result, by } = input;
  if (by === 0) return;
  const labels = {
    monitor: monitor.name,
    ip_version: monitor.family,
    result,
    version: String(submission.version),
  };
  context.metrics.testsCompleted.inc(labels, by);
}
