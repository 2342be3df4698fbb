// The records of a queue segment. Pure. A segment is the eight bytes of SEGMENT_MAGIC, then records:
//   length of the body u32 | CRC-32 of type and body u32 | type u8 | body        (little-endian)
// A record that does not check ends what can be read of its segment: what follows it was never acknowledged, or cannot
// be told apart from what was not.

import { crc32 } from "node:zlib";

/** What identifies a submission in the queue, and what is told of it without reading its message. */
export interface SubmissionHeader {
  /** ULID, 26 characters. */
  readonly submissionId: string;
  /** The monitor's own address as text. */
  readonly monId: string;
  /** Results in it. */
  readonly results: number;
  /** Milliseconds since 1970, by the agent's wall clock. */
  readonly createdAtMs: number;
  /** The trace that it belongs to, as the header of that name has it. Empty: none. */
  readonly traceparent: string;
}

export type QueueRecord =
  | {
      readonly type: "submission";
      readonly header: SubmissionHeader;
      /** Where its message lies in the segment. */
      readonly offset: number;
      readonly length: number;
    }
  | { readonly type: "settled"; readonly submissionId: string };

export interface ReadSegment {
  readonly records: readonly QueueRecord[];
  /** Bytes that checked; shorter than the segment: the rest is torn or damaged. */
  readonly goodBytes: number;
}

export const SEGMENT_MAGIC: Uint8Array = new TextEncoder().encode("TCQUEUE1");

const FRAME_BYTES = 9;
const ULID_CHARACTERS = 26;
/** Of a submission's body, then two texts, then the message: id, time, count, length of each text. */
const SUBMISSION_FIXED_BYTES = ULID_CHARACTERS + 8 + 4 + 1 + 1;
/** Longer bodies are damage: the control plane takes no message of this size. */
const BODY_BYTES_MAX = 16 * 1_024 * 1_024;
const TYPE_SUBMISSION = 1;
const TYPE_SETTLED = 2;

export interface EncodedSubmission {
  readonly bytes: Uint8Array;
  /** Where the message begins within `bytes`. */
  readonly messageOffset: number;
}

export function encodeSubmission(header: SubmissionHeader, message: Uint8Array): EncodedSubmission {
  const { monId, traceparent } = header;
  const messageAt = SUBMISSION_FIXED_BYTES + monId.length + traceparent.length;
  const body = Buffer.alloc(messageAt + message.length);
  body.write(header.submissionId, 0, "ascii");
  body.writeDoubleLE(header.createdAtMs, ULID_CHARACTERS);
  body.writeUInt32LE(header.results, ULID_CHARACTERS + 8);
  body.writeUInt8(monId.length, ULID_CHARACTERS + 12);
  body.writeUInt8(traceparent.length, ULID_CHARACTERS + 13);
  body.write(monId + traceparent, SUBMISSION_FIXED_BYTES, "ascii");
  body.set(message, messageAt);
  return { bytes: framed(TYPE_SUBMISSION, body), messageOffset: FRAME_BYTES + messageAt };
}

export function encodeSettled(submissionId: string): Uint8Array {
  return framed(TYPE_SETTLED, Buffer.from(submissionId, "ascii"));
}

/** Never throws, whatever the bytes are. */
export function readSegment(bytes: Uint8Array): ReadSegment {
  const segment = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const records: QueueRecord[] = [];
  if (!segment.subarray(0, SEGMENT_MAGIC.length).equals(SEGMENT_MAGIC)) {
    return { records, goodBytes: 0 };
  }
  let at = SEGMENT_MAGIC.length;
  for (;;) {
    const bodyLength = checkedBodyLength(segment, at);
    if (bodyLength === undefined) break;
    const record = parseRecord(segment, at, bodyLength);
    if (record === undefined) break;
    records.push(record);
    at += FRAME_BYTES + bodyLength;
  }
  return { records, goodBytes: at };
}

function framed(type: number, body: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(FRAME_BYTES + body.length);
  bytes.writeUInt32LE(body.length, 0);
  bytes.writeUInt8(type, 8);
  bytes.set(body, FRAME_BYTES);
  bytes.writeUInt32LE(crc32(bytes.subarray(8)), 4);
  return bytes;
}

/** Absent: there is no whole, undamaged record at this place. */
function checkedBodyLength(segment: Buffer, at: number): number | undefined {
  if (at + FRAME_BYTES > segment.length) return;
  const length = segment.readUInt32LE(at);
  const end = at + FRAME_BYTES + length;
  if (length > BODY_BYTES_MAX || end > segment.length) return;
  return crc32(segment.subarray(at + 8, end)) === segment.readUInt32LE(at + 4) ? length : undefined;
}

function parseRecord(segment: Buffer, at: number, length: number): QueueRecord | undefined {
  const bodyAt = at + FRAME_BYTES;
  if (length < ULID_CHARACTERS) return;
  const submissionId = segment.toString("ascii", bodyAt, bodyAt + ULID_CHARACTERS);
  const type = segment.readUInt8(at + 8);
  if (type === TYPE_SETTLED) return { type: "settled", submissionId };
  if (type !== TYPE_SUBMISSION || length < SUBMISSION_FIXED_BYTES) return;
  const monIdLength = segment.readUInt8(bodyAt + ULID_CHARACTERS + 12);
  const traceparentLength = segment.readUInt8(bodyAt + ULID_CHARACTERS + 13);
  const monIdAt = bodyAt + SUBMISSION_FIXED_BYTES;
  const traceparentAt = monIdAt + monIdLength;
  const offset = traceparentAt + traceparentLength;
  const messageLength = bodyAt + length - offset;
  if (messageLength < 0) return;
  const header = {
    submissionId,
    createdAtMs: segment.readDoubleLE(bodyAt + ULID_CHARACTERS),
    results: segment.readUInt32LE(bodyAt + ULID_CHARACTERS + 8),
    monId: segment.toString("ascii", monIdAt, traceparentAt),
    traceparent: segment.toString("ascii", traceparentAt, offset),
  };
  return { type: "submission", header, offset, length: messageLength };
}
