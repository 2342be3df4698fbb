// A row of `copy … to stdout (format binary)` as it comes from the wire: PostgreSQL documentation, "COPY", binary format.
// Numbers are read where they lie; nothing is allocated but the text of a failure's reason, once each.

import { assert } from "@truechimer/base";

/** One result; the same object for each row. NaN and -1: null. */
export interface CopiedResult {
  id: number;
  /** Microseconds since 1970. */
  atUs: number;
  serverId: number;
  monitorId: number;
  offsetNs: number;
  boundNs: number;
  rttNs: number;
  score: number;
  step: number;
  stratum: number;
  leap: number;
  /** Empty: null. */
  reason: string;
  noResponse: boolean;
  hasEvidence: boolean;
  samplesSent: number;
  samplesAnswered: number;
}

/** In the order in which `CopiedResultReader` takes them. */
export const COPIED_COLUMNS =
  "id, ts, server_id, monitor_id, offset_ns, bound_ns, rtt_ns, score, step, stratum, leap, reason, no_response, has_evidence, samples_sent, samples_answered";

const COLUMNS = 16;
const HEADER_BYTES = 19;
const SIGNATURE = 0x5047_434f;
const TRAILER = -1;
const NULL = -1;
const TWO_32 = 2 ** 32;
/** PostgreSQL counts from 2000-01-01. */
const EPOCH_US = 946_684_800_000_000;
/** A reason is a code of ours; what is longer was not written by us. */
const REASON_BYTES_MAX = 64;

/** Reads one copy, piece by piece: a piece holds whole rows. */
export class CopiedResultReader {
  readonly row: CopiedResult = emptyRow();
  readonly #onRow: (row: CopiedResult) => void;
  readonly #reasons = new Map<string, string>();
  #view: DataView = new DataView(new ArrayBuffer(0));
  #at = 0;
  #hasHeader = false;

  constructor(onRow: (row: CopiedResult) => void) {
    this.#onRow = onRow;
  }

  take(bytes: Uint8Array, from: number, to: number): void {
    if (bytes.buffer !== this.#view.buffer) this.#view = new DataView(bytes.buffer);
    this.#at = bytes.byteOffset + from;
    const end = bytes.byteOffset + to;
    if (!this.#hasHeader) this.#skipHeader();
    while (this.#at < end) {
      const columns = this.#view.getInt16(this.#at);
      this.#at += 2;
      if (columns === TRAILER) return;
      assert(columns === COLUMNS, `a copied row has ${columns} columns`);
      this.#readRow();
      this.#onRow(this.row);
    }
  }

  #skipHeader(): void {
    assert(this.#view.getUint32(this.#at) === SIGNATURE, "a binary copy begins with its signature");
    this.#at += HEADER_BYTES + this.#view.getInt32(this.#at + HEADER_BYTES - 4);
    this.#hasHeader = true;
  }

  #readRow(): void {
    const { row } = this;
    row.id = this.#int64();
    row.atUs = this.#int64() + EPOCH_US;
    row.serverId = this.#int64();
    row.monitorId = this.#int64();
    row.offsetNs = this.#int64();
    row.boundNs = this.#int64();
    row.rttNs = this.#int64();
    row.score = this.#float64();
    row.step = this.#float64();
    row.stratum = this.#int16();
    row.leap = this.#int16();
    row.reason = this.#text();
    row.noResponse = this.#boolean();
    row.hasEvidence = this.#boolean();
    row.samplesSent = this.#int16();
    row.samplesAnswered = this.#int16();
  }

  /** Length of the next value, or `NULL`. */
  #length(): number {
    const length = this.#view.getInt32(this.#at);
    this.#at += 4;
    return length;
  }

  #int64(): number {
    if (this.#length() === NULL) return Number.NaN;
    const value = this.#view.getInt32(this.#at) * TWO_32 + this.#view.getUint32(this.#at + 4);
    this.#at += 8;
    return value;
  }

  #float64(): number {
    if (this.#length() === NULL) return Number.NaN;
    const value = this.#view.getFloat64(this.#at);
    this.#at += 8;
    return value;
  }

  #int16(): number {
    if (this.#length() === NULL) return -1;
    const value = this.#view.getInt16(this.#at);
    this.#at += 2;
    return value;
  }

  #boolean(): boolean {
    if (this.#length() === NULL) return false;
    const value = this.#view.getUint8(this.#at);
    this.#at += 1;
    return value !== 0;
  }

  #text(): string {
    const length = this.#length();
    if (length <= 0) return "";
    const used = Math.min(length, REASON_BYTES_MAX);
    const text = Buffer.from(this.#view.buffer, this.#at, used).toString("latin1");
    this.#at += length;
    // One string for all rows with this reason.
    const known = this.#reasons.get(text);
    if (known !== undefined) return known;
    this.#reasons.set(text, text);
    return text;
  }
}

function emptyRow(): CopiedResult {
  return {
    id: 0,
    atUs: 0,
    serverId: 0,
    monitorId: 0,
    offsetNs: 0,
    boundNs: 0,
    rttNs: 0,
    score: 0,
    step: 0,
    stratum: 0,
    leap: 0,
    reason: "",
    noResponse: false,
    hasEvidence: false,
    samplesSent: 0,
    samplesAnswered: 0,
  };
}
