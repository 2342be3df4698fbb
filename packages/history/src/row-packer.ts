// Rows packed into a block with dictionaries of its own: by the thread that reads them, or of what has just come in.

import { assert } from "@truechimer/base";
import {
  appendRows,
  BLOCK_ROWS_MAX,
  type Block,
  type BlockBase,
  baseAround,
  createBlock,
  fitsBase,
  HAS_EVIDENCE,
  HAS_LEAP,
  HAS_STRATUM,
  LEAP_BITS,
  NO_RESPONSE,
  setKey,
  sharedMemory,
} from "./block.ts";
import { indexBlock } from "./block-index.ts";
import { type CodeDictionary, createCodeDictionary } from "./code-dictionary.ts";
import { compareKeys, type Measurement } from "./measurement.ts";
import { PairDictionary } from "./pair-dictionary.ts";
import { encodeSpan } from "./span-code.ts";

/** A block on its way: plain data, which can be sent to another thread. */
export interface PackedRows {
  readonly buffer: ArrayBufferLike;
  readonly length: number;
  readonly baseUs: number;
  readonly baseId: number;
  /** What the numbers in the pair column stand for: places in the two lists of ids. */
  readonly pairServers: Uint32Array;
  readonly pairMonitors: Uint32Array;
  readonly serverIds: Float64Array;
  readonly monitorIds: Float64Array;
  /** Last row of each server and monitor, where the chains were made; else empty. */
  readonly serverHeads: Uint16Array;
  readonly monitorHeads: Uint16Array;
  /** What the numbers in the reason column stand for. */
  readonly reasons: readonly string[];
}

const SAMPLES_MAX = 15;

/** Takes rows newest first, as they are read, and gives them out in the order of the store. */
export class RowPacker {
  readonly #rowsMax: number;
  readonly #isForAnother: boolean;
  #current: Block | undefined;
  /** The oldest row so far; a block is written from its end. */
  #first = 0;
  #pairs = new PairDictionary();
  #reasons: CodeDictionary = createCodeDictionary();
  readonly #done: PackedRows[] = [];

  /**
   * At most so many rows in a block. One that is for another thread is in shared memory, and has its chains made here,
   * where nobody waits for them.
   */
  constructor(rowsMax: number = BLOCK_ROWS_MAX, isForAnother = false) {
    this.#rowsMax = rowsMax;
    this.#isForAnother = isForAnother;
  }

  /** `row` may be the same object each time. */
  push(row: Measurement): void {
    let block = this.#current;
    if (block !== undefined && (this.#first === 0 || !fitsBase(block, row.atUs, row.id))) {
      this.#close();
      block = undefined;
    }
    if (block === undefined) {
      block = this.#newBlock(this.#rowsMax, baseAround(row.atUs, row.id));
      this.#current = block;
      this.#first = this.#rowsMax;
    }
    this.#first -= 1;
    writeRow(block, this.#first, row, this.#pairs, this.#reasons);
  }

  /** Everything since the last call, newest first. */
  take(): readonly PackedRows[] {
    this.#close();
    return this.#done.splice(0);
  }

  #close(): void {
    const block = this.#current;
    if (block === undefined) return;
    block.length = this.#rowsMax;
    const exact = this.#first === 0 ? block : this.#newBlock(this.#rowsMax - this.#first, block);
    if (exact !== block) appendRows(exact, block, this.#first, this.#rowsMax);
    if (this.#isForAnother) indexBlock(exact, this.#pairs);
    this.#done.push(packedOf(exact, this.#pairs, this.#reasons));
    this.#current = undefined;
    this.#pairs = new PairDictionary();
    this.#reasons = createCodeDictionary();
  }

  #newBlock(rows: number, base: BlockBase): Block {
    if (!this.#isForAnother) return createBlock(rows, base);
    return createBlock(rows, base, { buffer: sharedMemory(rows), length: 0 });
  }
}

function packedOf(block: Block, pairs: PairDictionary, reasons: CodeDictionary): PackedRows {
  const { buffer, length, baseUs, baseId, serverHeads, monitorHeads } = block;
  const dictionary = dictionaryOf(pairs, reasons);
  return { buffer, length, baseUs, baseId, serverHeads, monitorHeads, ...dictionary };
}

/** As it is now, in arrays of its own. */
export function dictionaryOf(
  pairs: PairDictionary,
  reasons: CodeDictionary,
): Pick<PackedRows, "pairServers" | "pairMonitors" | "serverIds" | "monitorIds" | "reasons"> {
  return {
    pairServers: pairs.serverOf.slice(0, pairs.length),
    pairMonitors: pairs.monitorOf.slice(0, pairs.length),
    serverIds: pairs.serverIds.slice(),
    monitorIds: pairs.monitorIds.slice(),
    reasons: [...reasons.words],
  };
}

/** Rows in any order, such as those that have just been committed; of equal keys the first. */
export function packRows(rows: readonly Measurement[]): readonly PackedRows[] {
  const packer = new RowPacker(Math.min(BLOCK_ROWS_MAX, Math.max(1, rows.length)));
  let last: Measurement | undefined;
  for (const row of rows.toSorted((a, b) => compareKeys(b, a))) {
    if (last === undefined || compareKeys(last, row) !== 0) packer.push(row);
    last = row;
  }
  return packer.take();
}

function writeRow(
  block: Block,
  at: number,
  row: Measurement,
  pairs: PairDictionary,
  reasons: CodeDictionary,
): void {
  // The message costs more than the row: it is made where there is something to say.
  if (row.id > Number.MAX_SAFE_INTEGER) assert(false, `row ${row.id} has a number beyond 2^53`);
  setKey(block, at, row.atUs, row.id);
  block.pair[at] = pairs.pairOf(row.serverId, row.monitorId);
  block.offsetNs[at] = row.offsetNs;
  block.rtt[at] = encodeSpan(row.rttNs);
  block.bound[at] = encodeSpan(row.boundNs);
  block.score[at] = row.score;
  block.step[at] = row.step;
  block.stratum[at] = row.stratum < 0 ? 0 : row.stratum;
  block.reason[at] = row.reason === "" ? 0 : reasons.codeOf(row.reason);
  block.samples[at] =
    (Math.min(SAMPLES_MAX, row.samplesSent) << 4) | Math.min(SAMPLES_MAX, row.samplesAnswered);
  block.flags[at] =
    (row.leap < 0 ? 0 : HAS_LEAP | (row.leap & LEAP_BITS)) |
    (row.stratum < 0 ? 0 : HAS_STRATUM) |
    (row.noResponse ? NO_RESPONSE : 0) |
    (row.hasEvidence ? HAS_EVIDENCE : 0);
}
