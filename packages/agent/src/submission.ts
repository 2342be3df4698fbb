// The results of one batch on their way to the control plane.

import { create } from "@bufbuild/protobuf";
import { monitorV2 } from "@truechimer/api";
import type { Ulid } from "@truechimer/base";
import {
  type FinishedCheck,
  SUBMISSION_VERSION,
  type SubmissionVersion,
  serverStatus,
} from "./server-status.ts";

export interface Submission {
  /** The same each time that it is sent, so that it counts once. */
  readonly submissionId: Ulid;
  readonly batchId: Uint8Array;
  readonly checks: readonly FinishedCheck[];
}

export interface SubmissionMessageOptions {
  readonly monId: string;
  readonly version: SubmissionVersion;
}

export function submissionMessage(
  submission: Submission,
  { monId, version }: SubmissionMessageOptions,
): monitorV2.SubmitResultsRequest {
  const { submissionId, batchId, checks } = submission;
  return create(monitorV2.SubmitResultsRequestSchema, {
    version,
    monId,
    batchId,
    list: checks.map((check) => serverStatus(check, version)),
    ...(version === SUBMISSION_VERSION ? { submissionId } : {}),
  });
}
