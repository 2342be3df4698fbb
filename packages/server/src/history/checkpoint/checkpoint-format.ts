// The file of a checkpoint: the packed blocks of the history in memory, so that a start need not read them from the
// database. In order: a head; the blocks, newest first, byte for byte; the dictionary of their numbers; an index as
// JSON; a foot that says where the index is. Each part has a checksum, and the foot the length of the whole: a file
// that was not written to its end, or that a disk has changed, is told from a good one. Numbers lie as this machine has
// them, and the head says how that is.

import { crc32 } from "node:zlib";
import type { PgSnapshotText } from "@truechimer/database";
import {
  BYTES_PER_ROW,
  type CopiedRows,
  type RowDictionary,
  type RowKey,
} from "@truechimer/history";

/** Changes with the layout of the file, and with the meaning of a column of a block. */
const FORMAT_VERSION = 1;
const BYTE_ORDER_MARK = 0x0102_0304;
const HEAD_MAGIC = 0x5443_4831;
const FOOT_MAGIC = 0x5443_4846;
export const HEAD_BYTES = 16;
export const FOOT_BYTES = 32;
/** A thousand blocks, which is fifty million rows, take 150 KB. */
const INDEX_BYTES_MAX = 64 * 2 ** 20;

/** What the rows were true of. */
export interface CheckpointOrigin {
  /** System identifier of the PostgreSQL, and its timeline. */
  readonly cluster: string;
  readonly timeline: string;
  /** Number of the database in it. */
  readonly database: string;
  /** Version of the schema. */
  readonly schema: string;
}

export interface CheckpointBlock extends Omit<CopiedRows, "buffer"> {
  /** Where its bytes are in the file. */
  readonly at: number;
  readonly bytes: number;
  readonly crc: number;
  readonly firstUs: number;
  readonly lastUs: number;
}

export interface CheckpointIndex {
  readonly origin: CheckpointOrigin;
  /** Every result that is visible in it and not older than the horizon is in the blocks. */
  readonly snapshot: PgSnapshotText;
  readonly horizonUs: number;
  /** The newest row, by which the database is known again. */
  readonly witness: RowKey;
  readonly rows: number;
  /** Newest first. */
  readonly blocks: readonly CheckpointBlock[];
  readonly dictionary: {
    readonly at: number;
    readonly bytes: number;
    readonly crc: number;
    readonly pairs: number;
    readonly servers: number;
    readonly monitors: number;
    readonly reasons: readonly string[];
  };
}

export function encodeHead(): Uint8Array {
  const head = Uint32Array.of(HEAD_MAGIC, FORMAT_VERSION, BYTE_ORDER_MARK, BYTES_PER_ROW);
  return new Uint8Array(head.buffer);
}

/** "torn": none of ours, or not whole; "stale": of another version of this program, or of another kind of machine. */
export function checkHead(bytes: Uint8Array): "good" | "torn" | "stale" {
  const [magic, version, order, rowBytes] = new Uint32Array(bytes.slice(0, HEAD_BYTES).buffer);
  if (magic !== HEAD_MAGIC) return "torn";
  const isOurs =
    version === FORMAT_VERSION && order === BYTE_ORDER_MARK && rowBytes === BYTES_PER_ROW;
  return isOurs ? "good" : "stale";
}

export function encodeDictionary(dictionary: RowDictionary): Uint8Array {
  const { serverIds, monitorIds, pairServers, pairMonitors } = dictionary;
  return Buffer.concat([serverIds, monitorIds, pairServers, pairMonitors].map(bytesOf));
}

export function decodeDictionary(
  bytes: Uint8Array,
  { pairs, servers, monitors, reasons }: CheckpointIndex["dictionary"],
): RowDictionary {
  // A copy, which begins where any number may begin.
  const { buffer } = bytes.slice();
  const monitorsAt = servers * Float64Array.BYTES_PER_ELEMENT;
  const pairsAt = monitorsAt + monitors * Float64Array.BYTES_PER_ELEMENT;
  const pairMonitorsAt = pairsAt + pairs * Uint32Array.BYTES_PER_ELEMENT;
  return {
    serverIds: new Float64Array(buffer, 0, servers),
    monitorIds: new Float64Array(buffer, monitorsAt, monitors),
    pairServers: new Uint32Array(buffer, pairsAt, pairs),
    pairMonitors: new Uint32Array(buffer, pairMonitorsAt, pairs),
    reasons,
  };
}

/** The index with the foot behind it; `at` is where it will stand. */
export function encodeIndex(index: CheckpointIndex, at: number): Uint8Array {
  const text = Buffer.from(JSON.stringify(index), "utf8");
  const foot = new DataView(new ArrayBuffer(FOOT_BYTES));
  foot.setUint32(0, FOOT_MAGIC);
  foot.setUint32(4, text.length);
  foot.setFloat64(8, at);
  foot.setFloat64(16, at + text.length + FOOT_BYTES);
  foot.setUint32(24, crc32(text));
  foot.setUint32(28, crc32(new Uint8Array(foot.buffer, 0, 28)));
  return Buffer.concat([text, new Uint8Array(foot.buffer)]);
}

/** Where the index is. Undefined: the file was not written to its end. */
export function parseFoot(
  bytes: Uint8Array,
  fileBytes: number,
): { readonly at: number; readonly bytes: number; readonly crc: number } | undefined {
  if (bytes.length !== FOOT_BYTES) return undefined;
  const foot = new DataView(bytes.buffer, bytes.byteOffset, FOOT_BYTES);
  if (foot.getUint32(0) !== FOOT_MAGIC || foot.getUint32(28) !== crc32(bytes.subarray(0, 28))) {
    return undefined;
  }
  const found = { bytes: foot.getUint32(4), at: foot.getFloat64(8), crc: foot.getUint32(24) };
  const isWhole =
    foot.getFloat64(16) === fileBytes && found.at + found.bytes + FOOT_BYTES === fileBytes;
  return isWhole && found.bytes <= INDEX_BYTES_MAX ? found : undefined;
}

/** What the foot's checksum has vouched for. */
export function parseIndex(bytes: Uint8Array): CheckpointIndex {
  return JSON.parse(Buffer.from(bytes).toString("utf8")) as CheckpointIndex;
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
