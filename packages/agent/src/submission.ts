// Results on their way to the control plane: as they are kept, which is version 5, and reduced for a control plane of
// the NTP Pool.

import { create, fromBinary, toBinary, type UnknownField } from "@bufbuild/protobuf";
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { monitorV2 } from "@truechimer/api";
import { ipAddressFromBytes, type Ulid } from "@truechimer/base";
import { LEGACY_SUBMISSION_VERSION, reducedStatus, SUBMISSION_VERSION } from "./server-status.ts";

export interface Submission {
  /** The same each time that it is sent, so that it counts once. */
  readonly submissionId: Ulid;
  readonly monId: string;
  /** As received with the work. */
  readonly batchId: Uint8Array;
  /** Of checks and traceroutes: `encodeStatus`. */
  readonly statuses: readonly Uint8Array[];
}

/**
 * A result of version 5, serialized as soon as it is there: what waits for others to go with it is a twentieth in size.
 */
export function encodeStatus(status: monitorV2.ServerStatus): Uint8Array {
  return toBinary(monitorV2.ServerStatusSchema, status);
}

/** Of version 5, serialized. */
export function encodeSubmissionMessage(submission: Submission): Uint8Array {
  const { submissionId, monId, batchId, statuses } = submission;
  const head = create(monitorV2.SubmitResultsRequestSchema, {
    version: SUBMISSION_VERSION,
    monId,
    batchId,
    submissionId,
  });
  const writer = new BinaryWriter();
  for (const status of statuses) writer.tag(LIST_FIELD, WireType.LengthDelimited).bytes(status);
  return writer.raw(toBinary(monitorV2.SubmitResultsRequestSchema, head)).finish();
}

const LIST_FIELD = monitorV2.SubmitResultsRequestSchema.field.list.number;

/**
 * The same to send, its fields as they lie in the bytes: what is in them was judged and written once, and need not be
 * taken apart and put together again to go on its way.
 */
export function storedSubmission(bytes: Uint8Array): monitorV2.SubmitResultsRequest {
  const reader = new BinaryReader(bytes);
  const fields: UnknownField[] = [];
  while (reader.pos < reader.len) {
    const [no, wireType] = reader.tag();
    fields.push({ no, wireType, data: reader.skip(wireType, no) });
  }
  const message = create(monitorV2.SubmitResultsRequestSchema);
  message.$unknown = fields;
  return message;
}

export function parseSubmissionMessage(bytes: Uint8Array): monitorV2.SubmitResultsRequest {
  return fromBinary(monitorV2.SubmitResultsRequestSchema, bytes);
}

/** What the NTP Pool's agent would have sent: no evidence, no traceroutes, no ids of ours, errors as texts. */
export function legacySubmission(
  message: monitorV2.SubmitResultsRequest,
): monitorV2.SubmitResultsRequest {
  const { monId, batchId, list } = message;
  return create(monitorV2.SubmitResultsRequestSchema, {
    version: LEGACY_SUBMISSION_VERSION,
    monId,
    batchId,
    // Without its path a traceroute would be taken for a check.
    list: list.filter(({ traceroute }) => traceroute === undefined).map(reducedStatus),
  });
}

/** Of the server at a place of a submission, for people. */
export function submittedServer(
  { list }: monitorV2.SubmitResultsRequest,
  index: number,
): string | undefined {
  const address = ipAddressFromBytes(list[index]?.ipBytes ?? new Uint8Array());
  return address.ok ? address.value.text : undefined;
}
