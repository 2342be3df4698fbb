// A row of a block as a measurement, without an object for each: one view is moved from row to row.

import {
  atUsOf,
  type Block,
  HAS_EVIDENCE,
  HAS_LEAP,
  HAS_STRATUM,
  idOf,
  LEAP_BITS,
  NO_RESPONSE,
} from "./block.ts";
import type { CodeDictionary } from "./code-dictionary.ts";
import type { Measurement } from "./measurement.ts";
import type { PairDictionary } from "./pair-dictionary.ts";
import { decodeSpan } from "./span-code.ts";

/** Valid until the view is moved on: whoever keeps a row copies it. */
export class RowView implements Measurement {
  readonly #pairs: PairDictionary;
  readonly #reasons: CodeDictionary;
  #block: Block | undefined;
  #row = 0;

  constructor(pairs: PairDictionary, reasons: CodeDictionary) {
    this.#pairs = pairs;
    this.#reasons = reasons;
  }

  move(block: Block, row: number): this {
    this.#block = block;
    this.#row = row;
    return this;
  }

  get id(): number {
    return idOf(this.#block as Block, this.#row);
  }

  get atUs(): number {
    return atUsOf(this.#block as Block, this.#row);
  }

  get serverId(): number {
    return this.#pairs.serverIdOf(this.pair);
  }

  get monitorId(): number {
    return this.#pairs.monitorIdOf(this.pair);
  }

  /** Server and monitor as one number. */
  get pair(): number {
    return (this.#block as Block).pair[this.#row] as number;
  }

  get offsetNs(): number {
    return (this.#block as Block).offsetNs[this.#row] as number;
  }

  get boundNs(): number {
    return decodeSpan((this.#block as Block).bound[this.#row] as number);
  }

  get rttNs(): number {
    return decodeSpan((this.#block as Block).rtt[this.#row] as number);
  }

  get score(): number {
    return (this.#block as Block).score[this.#row] as number;
  }

  get step(): number {
    return (this.#block as Block).step[this.#row] as number;
  }

  get stratum(): number {
    return this.#flags & HAS_STRATUM ? ((this.#block as Block).stratum[this.#row] as number) : -1;
  }

  get leap(): number {
    return this.#flags & HAS_LEAP ? this.#flags & LEAP_BITS : -1;
  }

  get reason(): string {
    return this.#reasons.words[(this.#block as Block).reason[this.#row] as number] as string;
  }

  /** Whether `reason` is empty, without looking it up. */
  get succeeded(): boolean {
    return (this.#block as Block).reason[this.#row] === 0;
  }

  get noResponse(): boolean {
    return (this.#flags & NO_RESPONSE) !== 0;
  }

  get hasEvidence(): boolean {
    return (this.#flags & HAS_EVIDENCE) !== 0;
  }

  get samplesSent(): number {
    return ((this.#block as Block).samples[this.#row] as number) >>> 4;
  }

  get samplesAnswered(): number {
    return ((this.#block as Block).samples[this.#row] as number) & 0xf;
  }

  get #flags(): number {
    return (this.#block as Block).flags[this.#row] as number;
  }

  /** Straight from the columns: a chart copies some thousand rows, the first one with code that is not compiled yet. */
  copy(): Measurement {
    const block = this.#block as Block;
    const row = this.#row;
    const pair = block.pair[row] as number;
    const flags = block.flags[row] as number;
    const samples = block.samples[row] as number;
    return {
      id: idOf(block, row),
      atUs: atUsOf(block, row),
      serverId: this.#pairs.serverIdOf(pair),
      monitorId: this.#pairs.monitorIdOf(pair),
      offsetNs: block.offsetNs[row] as number,
      boundNs: decodeSpan(block.bound[row] as number),
      rttNs: decodeSpan(block.rtt[row] as number),
      score: block.score[row] as number,
      step: block.step[row] as number,
      stratum: flags & HAS_STRATUM ? (block.stratum[row] as number) : -1,
      leap: flags & HAS_LEAP ? flags & LEAP_BITS : -1,
      reason: this.#reasons.words[block.reason[row] as number] as string,
      noResponse: (flags & NO_RESPONSE) !== 0,
      hasEvidence: (flags & HAS_EVIDENCE) !== 0,
      samplesSent: samples >>> 4,
      samplesAnswered: samples & 0xf,
    };
  }
}

/** A row to keep. */
export function copyMeasurement(row: Measurement): Measurement {
  return row instanceof RowView ? row.copy() : { ...row };
}
