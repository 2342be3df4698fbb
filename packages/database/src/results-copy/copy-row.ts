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
  #bytes: Uint8Array = new Uint8Array();
  #view: DataView = new DataView(new ArrayBuffer(0));
  #hasHeader = false;

  constructor(onRow: (row: CopiedResult) => void) {
    this.#onRow = onRow;
  }

  take(bytes: Uint8Array, from: number, to: number): void {
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    let at = this.#hasHeader ? from : this.#skipHeader(from);
    while (at < to) {
      const columns = this.#view.getInt16(at);
      if (columns === TRAILER) return;
      // The message costs more than a row: it is made where there is something to say.
      if (columns !== COLUMNS) assert(false, `a copied row has ${columns} columns`);
      at = this.#readRow(at + 2);
      this.#onRow(this.row);
    }
  }

  #skipHeader(from: number): number {
    assert(this.#view.getUint32(from) === SIGNATURE, "a binary copy begins with its signature");
    this.#hasHeader = true;
    return from + HEADER_BYTES + this.#view.getInt32(from + HEADER_BYTES - 4);
  }

  /** In one go, without a call and a field for each value: this is most of what a start takes. Returns where it ends. */
  #readRow(start: number): number {
    const { row } = this;
    const view = this.#view;
    let at = start;
    row.id = int64At(view, at + 4);
    row.atUs = int64At(view, at + 16) + EPOCH_US;
    row.serverId = int64At(view, at + 28);
    row.monitorId = int64At(view, at + 40);
    at += 48;
    row.offsetNs = nullableInt64At(view, at);
    at = behind(view, at);
    row.boundNs = nullableInt64At(view, at);
    at = behind(view, at);
    row.rttNs = nullableInt64At(view, at);
    at = behind(view, at);
    row.score = view.getFloat64(at + 4);
    row.step = view.getFloat64(at + 16);
    at += 24;
    row.stratum = nullableInt16At(view, at);
    at = behind(view, at);
    row.leap = nullableInt16At(view, at);
    at = behind(view, at);
    row.reason = this.#textAt(at);
    at = behind(view, at);
    row.noResponse = view.getUint8(at + 4) !== 0;
    row.hasEvidence = view.getUint8(at + 9) !== 0;
    row.samplesSent = view.getInt16(at + 14);
    row.samplesAnswered = view.getInt16(at + 20);
    return at + 22;
  }

  #textAt(at: number): string {
    const length = this.#view.getInt32(at);
    if (length <= 0) return "";
    const start = this.#bytes.byteOffset + at + 4;
    const used = Math.min(length, REASON_BYTES_MAX);
    const text = Buffer.from(this.#bytes.buffer, start, used).toString("latin1");
    // One string for all rows with this reason.
    const known = this.#reasons.get(text);
    if (known !== undefined) return known;
    this.#reasons.set(text, text);
    return text;
  }
}

/** Where the value ends whose length stands here. */
function behind(view: DataView, at: number): number {
  const length = view.getInt32(at);
  return length === NULL ? at + 4 : at + 4 + length;
}

function int64At(view: DataView, at: number): number {
  return view.getInt32(at) * TWO_32 + view.getUint32(at + 4);
}

function nullableInt64At(view: DataView, at: number): number {
  return view.getInt32(at) === NULL ? Number.NaN : int64At(view, at + 4);
}

function nullableInt16At(view: DataView, at: number): number {
  return view.getInt32(at) === NULL ? -1 : view.getInt16(at + 4);
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
