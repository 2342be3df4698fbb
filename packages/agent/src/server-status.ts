// A finished check as the control plane wants it. Version 5 carries the evidence and a coded reason; version 4 is what
// a control plane of the NTP Pool understands: the reduced result with its error texts.

import { create } from "@bufbuild/protobuf";
import { monitorV2 } from "@truechimer/api";
import type { UnixNs } from "@truechimer/base";
import { type CheckResult, reasonText } from "@truechimer/ntp";
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
  readonly result: CheckResult;
  /** The agent's wall clock at the end of the check. */
  readonly endedAtNs: UnixNs;
}

export function serverStatus(
  check: FinishedCheck,
  version: SubmissionVersion,
): monitorV2.ServerStatus {
  return version === SUBMISSION_VERSION ? fullStatus(check) : reducedStatus(check);
}

function fullStatus(check: FinishedCheck): monitorV2.ServerStatus {
  const { item, result } = check;
  const { reason, boundNs } = result.outcome;
  const responses = result.samples.map((sample) => exchangeMessage(sample, result.samples));
  const selected = result.selectedIndex === undefined ? undefined : responses[result.selectedIndex];
  return create(monitorV2.ServerStatusSchema, {
    ...commonFields(check),
    error: reason === undefined ? "" : reasonText(reason),
    responses,
    ...(selected === undefined ? {} : { selectedResponse: selected }),
    port: item.port,
    reason: reason ?? "",
    ...(boundNs === undefined ? {} : { errorBound: durationFromNs(boundNs) }),
  });
}

function reducedStatus(check: FinishedCheck): monitorV2.ServerStatus {
  return create(monitorV2.ServerStatusSchema, {
    ...commonFields(check),
    error: legacyError(check.result),
  });
}

function legacyError({ outcome, samples, selectedIndex }: CheckResult): string {
  if (outcome.reason === undefined) return "";
  const packet = selectedIndex === undefined ? undefined : samples[selectedIndex]?.packet;
  const referenceId = packet?.referenceId ?? 0;
  return legacyErrorText(outcome.reason, { stratum: outcome.stratum, referenceId });
}

type CommonFields = Pick<
  monitorV2.ServerStatus,
  "testId" | "ticket" | "ipBytes" | "noResponse" | "ts" | "offset" | "rtt" | "stratum" | "leap"
>;

function commonFields({ item, result, endedAtNs }: FinishedCheck): Partial<CommonFields> {
  const { noResponse, offsetNs, rttNs, stratum, leap } = result.outcome;
  return {
    testId: item.testId,
    ticket: item.ticket,
    ipBytes: item.ipBytes,
    noResponse,
    ts: timestampFromNs(endedAtNs),
    ...(offsetNs === undefined ? {} : { offset: durationFromNs(offsetNs) }),
    ...(rttNs === undefined ? {} : { rtt: durationFromNs(rttNs) }),
    stratum,
    leap,
  };
}
