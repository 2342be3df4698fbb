// Rows next to each other in time, one typed array a column, all in one buffer: 46 bytes a row, which a thread hands to
// another without copying. The buffers that come at a start are shared memory: V8 collects garbage by how much other
// memory it has been given, all of the heap each 10 MB, which took more of a start than the rows did. Rows are in the order of their time, of equal times of their id.
//
// Two chains run through a block: from each row to the one before it of the same server, and of the same monitor. They
// are the indexes by server and by monitor. `indexed` says how far they reach; merging rows in makes them start anew.

import { assert } from "@truechimer/base";

/** A chunk of the loader is a block. Below 65,535, so that a chain takes two bytes a row. */
export const BLOCK_ROWS_MAX = 50_000;
/** End of a chain. */
export const NO_ROW = 0xffff;
/** Of all columns, chains included. */
export const BYTES_PER_ROW: number = 8 + 7 * 4 + 2 * 2 + 6;
/** The array views of a block and the object around them, as V8 keeps them. */
const BLOCK_OVERHEAD_BYTES = 3_072;
const ROW_ALIGNMENT = 8;

/** Instants and ids are 40 bits from the middle: six days and 5.5 × 10^11 ids to either side. */
const HALF_RANGE = 2 ** 39;
const LOW_BITS = 2 ** 32;

/** Of `flags`. */
export const LEAP_BITS = 0b11;
export const HAS_LEAP = 0b100;
export const NO_RESPONSE = 0b1000;
export const HAS_EVIDENCE = 0b1_0000;
export const HAS_STRATUM = 0b10_0000;

type Column = Float64Array | Float32Array | Uint32Array | Uint16Array | Uint8Array;

/** Columns of `capacity` rows, of which the first `length` are in use. */
export interface Block {
  readonly buffer: ArrayBufferLike;
  readonly capacity: number;
  length: number;
  /** What 0 in the time and id columns stands for. */
  readonly baseUs: number;
  readonly baseId: number;
  readonly offsetNs: Float64Array;
  readonly atLow: Uint32Array;
  readonly idLow: Uint32Array;
  readonly rtt: Uint32Array;
  readonly bound: Uint32Array;
  readonly score: Float32Array;
  readonly step: Float32Array;
  readonly pair: Uint32Array;
  readonly previousOfServer: Uint16Array;
  readonly previousOfMonitor: Uint16Array;
  readonly atHigh: Uint8Array;
  readonly idHigh: Uint8Array;
  readonly stratum: Uint8Array;
  readonly flags: Uint8Array;
  readonly reason: Uint8Array;
  /** Sent in the high four bits, answered in the low ones. */
  readonly samples: Uint8Array;
  readonly columns: readonly Column[];
  /** Last row of each server and monitor, by ordinal. */
  serverHeads: Uint16Array;
  monitorHeads: Uint16Array;
  /** Rows that the chains hold. */
  indexed: number;
}

/** Where a block's numbers begin. */
export interface BlockBase {
  readonly baseUs: number;
  readonly baseId: number;
}

/** Centred on a row. */
export function baseAround(atUs: number, id: number): BlockBase {
  return { baseUs: atUs - HALF_RANGE, baseId: id - HALF_RANGE };
}

/** Whether a row can be written with this base. */
export function fitsBase({ baseUs, baseId }: BlockBase, atUs: number, id: number): boolean {
  const us = atUs - baseUs;
  const offset = id - baseId;
  return us >= 0 && us < 2 * HALF_RANGE && offset >= 0 && offset < 2 * HALF_RANGE;
}

/** Memory for so many rows, which another thread can have as well. */
export function sharedMemory(rows: number): SharedArrayBuffer {
  return new SharedArrayBuffer(capacityFor(rows) * BYTES_PER_ROW);
}

function capacityFor(rows: number): number {
  return Math.ceil(rows / ROW_ALIGNMENT) * ROW_ALIGNMENT;
}

/** Empty, in memory of its own or in `buffer`; or over the rows that this holds. */
export function createBlock(
  rows: number,
  { baseUs, baseId }: BlockBase,
  held?: { readonly buffer: ArrayBufferLike; readonly length: number },
): Block {
  const capacity = capacityFor(rows);
  const buffer = held?.buffer ?? new ArrayBuffer(capacity * BYTES_PER_ROW);
  assert(
    buffer.byteLength === capacity * BYTES_PER_ROW,
    `a block of ${capacity} rows has ${buffer.byteLength} bytes`,
  );
  let at = 0;
  const next = (bytes: number): number => {
    const start = at;
    at += bytes * capacity;
    return start;
  };
  const offsetNs = new Float64Array(buffer, next(8), capacity);
  const atLow = new Uint32Array(buffer, next(4), capacity);
  const idLow = new Uint32Array(buffer, next(4), capacity);
  const rtt = new Uint32Array(buffer, next(4), capacity);
  const bound = new Uint32Array(buffer, next(4), capacity);
  const score = new Float32Array(buffer, next(4), capacity);
  const step = new Float32Array(buffer, next(4), capacity);
  const pair = new Uint32Array(buffer, next(4), capacity);
  const previousOfServer = new Uint16Array(buffer, next(2), capacity);
  const previousOfMonitor = new Uint16Array(buffer, next(2), capacity);
  const atHigh = new Uint8Array(buffer, next(1), capacity);
  const idHigh = new Uint8Array(buffer, next(1), capacity);
  const stratum = new Uint8Array(buffer, next(1), capacity);
  const flags = new Uint8Array(buffer, next(1), capacity);
  const reason = new Uint8Array(buffer, next(1), capacity);
  const samples = new Uint8Array(buffer, next(1), capacity);
  return {
    buffer,
    capacity,
    length: held?.length ?? 0,
    baseUs,
    baseId,
    offsetNs,
    atLow,
    idLow,
    rtt,
    bound,
    score,
    step,
    pair,
    previousOfServer,
    previousOfMonitor,
    atHigh,
    idHigh,
    stratum,
    flags,
    reason,
    samples,
    // The chains are not data: they are made anew where rows move.
    columns: [
      offsetNs,
      atLow,
      idLow,
      rtt,
      bound,
      score,
      step,
      pair,
      atHigh,
      idHigh,
      stratum,
      flags,
      reason,
      samples,
    ],
    serverHeads: NO_HEADS,
    monitorHeads: NO_HEADS,
    indexed: 0,
  };
}

const NO_HEADS = new Uint16Array(0);

/** Everything that the block keeps in memory. */
export function bytesOf(block: Block): number {
  return (
    block.buffer.byteLength +
    block.serverHeads.byteLength +
    block.monitorHeads.byteLength +
    BLOCK_OVERHEAD_BYTES
  );
}

/** When the row's check was made: microseconds since 1970. */
export function atUsOf(block: Block, row: number): number {
  return block.baseUs + (block.atHigh[row] as number) * LOW_BITS + (block.atLow[row] as number);
}

/** `log_scores.id` of the row. */
export function idOf(block: Block, row: number): number {
  return block.baseId + (block.idHigh[row] as number) * LOW_BITS + (block.idLow[row] as number);
}

/** Writes a row's time and id; they must fit the block's base. */
export function setKey(block: Block, row: number, atUs: number, id: number): void {
  const us = atUs - block.baseUs;
  const offset = id - block.baseId;
  block.atLow[row] = us;
  block.atHigh[row] = us / LOW_BITS;
  block.idLow[row] = offset;
  block.idHigh[row] = offset / LOW_BITS;
}

/** Time of the oldest row. The block must have one. */
export function firstUsOf(block: Block): number {
  return atUsOf(block, 0);
}

/** Time of the newest row. The block must have one. */
export function lastUsOf(block: Block): number {
  return atUsOf(block, block.length - 1);
}

/** The first row that is not before this time and id; `length` when all are. */
export function lowerBound(
  block: Block,
  atUs: number,
  id: number = Number.NEGATIVE_INFINITY,
): number {
  let low = 0;
  let high = block.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const at = atUsOf(block, middle);
    if (at < atUs || (at === atUs && idOf(block, middle) < id)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Rows `from` to `to` of one block behind the last one of another. The bases may differ. */
export function appendRows(target: Block, source: Block, from: number, to: number): void {
  const at = target.length;
  for (const [index, column] of source.columns.entries()) {
    (target.columns[index] as Column).set(column.subarray(from, to), at);
  }
  target.length += to - from;
  if (target.baseUs === source.baseUs && target.baseId === source.baseId) return;
  for (let row = from; row < to; row += 1)
    setKey(target, at + row - from, atUsOf(source, row), idOf(source, row));
}

/** A block of its own with some of the rows and room for `capacity`. */
export function copyRows(
  source: Block,
  from: number,
  to: number,
  capacity: number = to - from,
): Block {
  const copy = createBlock(capacity, source);
  appendRows(copy, source, from, to);
  return copy;
}
