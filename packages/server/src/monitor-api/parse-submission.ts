// A submission from the wire, before anything is looked up: its version, ids and times, and each of its statuses.

import type { monitorV2 } from "@truechimer/api";
import { AppError, isUlid, type Result, type UnixNs, ulidTimeMs } from "@truechimer/base";
import type { CallingMonitor } from "./authenticate-monitor.ts";
import { isZeroOffsetSafe } from "./client-version.ts";
import { BATCH_LIFE_NS, LEASE_DELIVERY_NS } from "./lease.ts";
import { type ParsedStatus, parseStatus, type StatusRefusal } from "./parse-status.ts";
import { type ParsedTraceroute, parseTracedStatus } from "./parse-traced-status.ts";
import { FIRST_VERSION_WITH_PORTS } from "./submission-version.ts";

/** A batch has 10 to 500 servers. */
const STATUSES_MAX = 500;
/** Agents send one in a submission; each may have 640 answers, stored as JSON. */
const TRACEROUTES_MAX = 20;
const HOUR_NS = 3_600_000_000_000n;
/** How far ahead the clock of another replica's database may have been. */
const BATCH_AHEAD_NS = 300_000_000_000n;

export interface Submission {
  readonly version: number;
  readonly id: string;
  readonly batchId: string;
  readonly batchAtNs: UnixNs;
  readonly nowNs: UnixNs;
  readonly list: readonly monitorV2.ServerStatus[];
}

export function parseSubmission(
  request: monitorV2.SubmitResultsRequest,
  { nowNs, versions }: { readonly nowNs: UnixNs; readonly versions: readonly number[] },
): Submission {
  const { version, list } = request;
  if (!versions.includes(version)) {
    throw new AppError(
      "unsupported_version",
      `Unsupported data version ${version}: this control plane takes ${versions.join(", ")}`,
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
  const lifeNs = version < FIRST_VERSION_WITH_PORTS ? BATCH_LIFE_NS : LEASE_DELIVERY_NS;
  if (batchAtNs < nowNs - lifeNs) {
    throw new AppError(
      "ticket_expired",
      `the batch is older than ${lifeNs / HOUR_NS} h: its results are of no use any more`,
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

export function parseStatuses(
  monitor: CallingMonitor,
  submission: Submission,
): {
  readonly parsed: readonly ParsedStatus[];
  readonly traceroutes: readonly ParsedTraceroute[];
  readonly refusals: readonly StatusRefusal[];
} {
  const { version, batchAtNs, nowNs } = submission;
  const zeroOffsetSafe =
    version >= FIRST_VERSION_WITH_PORTS || isZeroOffsetSafe(monitor.clientVersion);
  const parsed: ParsedStatus[] = [];
  const traceroutes: ParsedTraceroute[] = [];
  const refusals: StatusRefusal[] = [];
  for (const [index, wire] of submission.list.entries()) {
    const options = { index, version, zeroOffsetSafe, batchAtNs, nowNs };
    const { traceroute } = wire;
    if (traceroute === undefined) keep(parseStatus(wire, options), parsed, refusals);
    else if (traceroutes.length >= TRACEROUTES_MAX) refusals.push(oneTooMany(index));
    else keep(parseTracedStatus(wire, traceroute, options), traceroutes, refusals);
  }
  return { parsed, traceroutes, refusals };
}

function oneTooMany(index: number): StatusRefusal {
  const message = `more than ${TRACEROUTES_MAX} traceroutes in one submission: send them in several`;
  return { index, code: "limit_exceeded", message };
}

function keep<Value>(
  result: Result<Value, StatusRefusal>,
  parsed: Value[],
  refusals: StatusRefusal[],
): void {
  if (result.ok) parsed.push(result.value);
  else refusals.push(result.error);
}
