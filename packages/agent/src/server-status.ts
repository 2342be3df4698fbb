// A finished check as the control plane wants it. Version 5 carries the evidence and a coded reason; version 4 is what
// a control plane of the NTP Pool understands: the reduced result with its error texts.

import { create } from "@bufbuild/protobuf";
import { monitorV2 } from "@truechimer/api";
import type { UnixNs } from "@truechimer/base";
import {
  type CheckResult,
  type KeptSample,
  parseNtpHeader,
  reasonText,
  SAMPLE_REASONS,
} from "@truechimer/ntp";
import { legacyErrorText } from "@truechimer/scoring";
import { exchangeMessage } from "./exchange-message.ts";
import { durationFromNs, timestampFromNs } from "./protobuf-time.ts";
import type { WorkItem } from "./work-batch.ts";

export type SubmissionVersion = 4 | 5;

/** What a control plane of ours is given; the evidence is in it. */
export const SUBMISSION_VERSION: SubmissionVersion = 5;
/** What the NTP Pool's control plane is given. */
export const LEGACY_SUBMISSION_VERSION: SubmissionVersion = 4;

export interface FinishedCheck {
  readonly item: WorkItem;
  readonly result: CheckResult<KeptSample>;
  /** The agent's wall clock at the end of the check. */
  readonly endedAtNs: UnixNs;
}

export function serverStatus(
  check: FinishedCheck,
  version: SubmissionVersion,
): monitorV2.ServerStatus {
  const full = fullStatus(check);
  return version === SUBMISSION_VERSION ? full : reducedStatus(full);
}

/** Version 5. */
export function fullStatus(check: FinishedCheck): monitorV2.ServerStatus {
  const { item, result, endedAtNs } = check;
  const { reason, boundNs, noResponse, offsetNs, rttNs, stratum, leap } = result.outcome;
  const responses = result.samples.map((sample) => exchangeMessage(sample, result.samples));
  const selected = result.selectedIndex === undefined ? undefined : responses[result.selectedIndex];
  return create(monitorV2.ServerStatusSchema, {
    testId: item.testId,
    ticket: item.ticket,
    ipBytes: item.ipBytes,
    noResponse,
    ts: timestampFromNs(endedAtNs),
    ...(offsetNs === undefined ? {} : { offset: durationFromNs(offsetNs) }),
    ...(rttNs === undefined ? {} : { rtt: durationFromNs(rttNs) }),
    stratum,
    leap,
    error: reason === undefined ? "" : reasonText(reason),
    responses,
    ...(selected === undefined ? {} : { selectedResponse: selected }),
    port: item.port,
    reason: reason ?? "",
    ...(boundNs === undefined ? {} : { errorBound: durationFromNs(boundNs) }),
  });
}

/** The same as version 4. */
export function reducedStatus(full: monitorV2.ServerStatus): monitorV2.ServerStatus {
  const { testId, ticket, ipBytes, noResponse, ts, offset, rtt, stratum, leap } = full;
  return create(monitorV2.ServerStatusSchema, {
    testId,
    ticket,
    ipBytes,
    noResponse,
    ...(ts === undefined ? {} : { ts }),
    ...(offset === undefined ? {} : { offset }),
    ...(rtt === undefined ? {} : { rtt }),
    stratum,
    leap,
    error: legacyError(full),
  });
}

function legacyError({ reason, stratum, selectedResponse }: monitorV2.ServerStatus): string {
  const known = SAMPLE_REASONS.find((each) => each === reason);
  if (known === undefined) return "";
  const header = parseNtpHeader(selectedResponse?.data ?? new Uint8Array());
  return legacyErrorText(known, { stratum, referenceId: header.ok ? header.value.referenceId : 0 });
}
