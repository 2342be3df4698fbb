// One reader of the live stream that does as little as it can: two hundred of them share two cores with all else. It
// counts the checks, and of the oldest in each answer how long ago it was accepted.

import { type IncomingMessage, request } from "node:http";
import { create, toBinary } from "@bufbuild/protobuf";
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { adminV1 } from "@truechimer/api";

const ENVELOPE_BYTES = 5;
const END_FLAG = 0b10;
const CHECKS = adminV1.WatchResultsResponseSchema.field.checks.number;
const SEQUENCE = adminV1.WatchResultsResponseSchema.field.sequence.number;
const MISSED = adminV1.WatchResultsResponseSchema.field.missed.number;
const ACCEPTED_AT = adminV1.WatchedCheckSchema.field.acceptedAt.number;
const MS_PER_SECOND = 1_000;
const NS_PER_MS = 1e6;

export interface LiveReader {
  /** Checks that came. */
  readonly checks: number;
  /** Answers that were not the next in the sequence, and those that said that something was missed. */
  readonly gaps: number;
  /** Milliseconds from acceptance to arrival, the oldest check of each answer. */
  readonly ageMs: number[];
  close(): void;
}

/** Resolves when the stream stands. */
export async function openLiveReader(options: {
  readonly url: string;
  readonly key: string;
  readonly filter: string;
}): Promise<LiveReader> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const call = request(`${options.url}/truechimer.admin.v1.AdminService/WatchResults`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${options.key}`,
      "content-type": "application/connect+proto",
      "connect-protocol-version": "1",
    },
  });
  const state = { checks: 0, gaps: 0, sequence: 0, ageMs: [] as number[] };
  call.once("error", reject);
  call.once("response", (response: IncomingMessage) => {
    if (response.statusCode !== 200) reject(new Error(`the stream answers ${response.statusCode}`));
    let rest: Buffer = Buffer.alloc(0);
    response.on("data", (piece: Buffer) => {
      rest = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
      rest = rest.subarray(takeAnswers(rest, state));
      if (state.sequence > 0) resolve();
    });
    response.once("error", () => undefined);
    response.once("end", () => reject(new Error("the stream ended")));
  });
  call.end(requestBytes(options.filter));
  await promise;
  return {
    get checks() {
      return state.checks;
    },
    get gaps() {
      return state.gaps;
    },
    ageMs: state.ageMs,
    close: () => {
      call.once("error", () => undefined);
      call.destroy();
    },
  };
}

function requestBytes(filter: string): Buffer {
  const body = toBinary(
    adminV1.WatchResultsRequestSchema,
    create(adminV1.WatchResultsRequestSchema, { filter }),
  );
  const head = Buffer.alloc(ENVELOPE_BYTES);
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
}

interface ReaderState {
  checks: number;
  gaps: number;
  sequence: number;
  readonly ageMs: number[];
}

/** Returns how far the whole answers reach. */
function takeAnswers(bytes: Buffer, state: ReaderState): number {
  let at = 0;
  while (at + ENVELOPE_BYTES <= bytes.length) {
    const end = at + ENVELOPE_BYTES + bytes.readUInt32BE(at + 1);
    if (end > bytes.length) break;
    if (((bytes[at] as number) & END_FLAG) === 0)
      takeAnswer(bytes.subarray(at + ENVELOPE_BYTES, end), state);
    at = end;
  }
  return at;
}

function takeAnswer(bytes: Buffer, state: ReaderState): void {
  const reader = new BinaryReader(bytes);
  let isFirst = true;
  while (reader.pos < bytes.length) {
    const [field, wireType] = reader.tag();
    if (field === SEQUENCE) {
      const sequence = Number(reader.uint64());
      if (sequence !== state.sequence + 1) state.gaps += 1;
      state.sequence = sequence;
    } else if (field === CHECKS) {
      state.checks += 1;
      if (isFirst) state.ageMs.push(Date.now() - acceptedMs(reader.bytes()));
      else reader.skip(wireType, field);
      isFirst = false;
    } else {
      if (field === MISSED) state.gaps += 1;
      reader.skip(wireType, field);
    }
  }
}

function acceptedMs(bytes: Uint8Array): number {
  const reader = new BinaryReader(bytes);
  let ms = Number.NaN;
  while (reader.pos < bytes.length) {
    const [field, wireType] = reader.tag();
    if (field !== ACCEPTED_AT) {
      reader.skip(wireType, field);
      continue;
    }
    const instant = new BinaryReader(reader.bytes());
    ms = 0;
    while (instant.pos < instant.len) {
      const [part] = instant.tag();
      ms += part === 1 ? Number(instant.int64()) * MS_PER_SECOND : instant.int32() / NS_PER_MS;
    }
  }
  return ms;
}
