// Many rows as one parameter: an array of a composite type in PostgreSQL's binary form. Against an array a column it
// spares both sides printing and parsing, and PostgreSQL a set of rows for each column that unnest() puts together.
// PostgreSQL: array_recv and record_recv; the elements' type is the one that the statement names.

import { assert } from "@truechimer/base";

/** Object identifiers of built-in types, which are the same in every PostgreSQL. */
const TYPE = {
  bool: 16,
  bytea: 17,
  int8: 20,
  int2: 21,
  int4: 23,
  text: 25,
  tid: 27,
  float8: 701,
  timestamptz: 1184,
  jsonb: 3802,
} as const;

const ONE_DIMENSION = 1;
const NO_NULLS = 0;
/** Of a composite type that migrations made: any number that is no built-in type's is taken. */
const ANY_COMPOSITE = 0xffff_ffff;
const FIRST_SUBSCRIPT = 1;
const NULL_LENGTH = -1;
const NO_DIMENSION_BYTES = 12;
const HEADER_BYTES = 20;
/** Type and length before each value. */
const VALUE_HEAD_BYTES = 8;
const JSONB_VERSION = 1;
/** Block and number in it: tid_recv. */
const TID_BYTES = 6;
const UTF8_BYTES_MAX = 3;
const FIRST_BYTES = 16_384;
/** PostgreSQL counts microseconds from 2000-01-01. */
const EPOCH_NS = 946_684_800_000_000_000n;
const NS_PER_US = 1_000n;

/** Takes the values of one row, in the order of the composite type's columns. */
export interface RowWriter {
  int8(value: bigint | null): void;
  int4(value: number | null): void;
  int2(value: number | null): void;
  float8(value: number | null): void;
  bool(value: boolean | null): void;
  text(value: string | null): void;
  bytea(value: Uint8Array | null): void;
  /** JSON, printed. */
  jsonb(text: string | null): void;
  /** Unix time; rounded down to the microsecond, as `timestamptzFromNs` does. */
  timestamptz(atNs: bigint | null): void;
  /** Where a version of a row lies, as `RecordReader.tid` gives it. */
  tid(place: number | null): void;
}

/** A parameter for `$1::some_composite[]`. `write` gives each row `columns` values. */
export function encodeRows<Row>(
  rows: readonly Row[],
  columns: number,
  write: (row: Row, out: RowWriter) => void,
): Buffer {
  if (rows.length === 0) return Buffer.alloc(NO_DIMENSION_BYTES);
  const out = new BinaryRowWriter();
  out.begin(rows.length);
  for (const row of rows) {
    const startsAt = out.beginRow(columns);
    write(row, out);
    out.endRow(startsAt, columns);
  }
  return out.taken();
}

class BinaryRowWriter implements RowWriter {
  #bytes = Buffer.allocUnsafe(FIRST_BYTES);
  #at = 0;
  #values = 0;

  begin(rows: number): void {
    for (const word of [ONE_DIMENSION, NO_NULLS]) this.#word(word);
    this.#at = this.#bytes.writeUInt32BE(ANY_COMPOSITE, this.#at);
    for (const word of [rows, FIRST_SUBSCRIPT]) this.#word(word);
    assert(this.#at === HEADER_BYTES, "the head of an array has five words");
  }

  beginRow(columns: number): number {
    this.#room(VALUE_HEAD_BYTES);
    const startsAt = this.#at;
    this.#at += 4;
    this.#word(columns);
    this.#values = 0;
    return startsAt;
  }

  endRow(startsAt: number, columns: number): void {
    assert(this.#values === columns, `a row of ${columns} columns got ${this.#values} values`);
    this.#bytes.writeInt32BE(this.#at - startsAt - 4, startsAt);
  }

  taken(): Buffer {
    return this.#bytes.subarray(0, this.#at);
  }

  int8(value: bigint | null): void {
    if (value === null) return this.#null(TYPE.int8);
    this.#head(TYPE.int8, 8);
    this.#at = this.#bytes.writeBigInt64BE(value, this.#at);
  }

  int4(value: number | null): void {
    if (value === null) return this.#null(TYPE.int4);
    this.#head(TYPE.int4, 4);
    this.#word(value);
  }

  int2(value: number | null): void {
    if (value === null) return this.#null(TYPE.int2);
    this.#head(TYPE.int2, 2);
    this.#at = this.#bytes.writeInt16BE(value, this.#at);
  }

  float8(value: number | null): void {
    if (value === null) return this.#null(TYPE.float8);
    this.#head(TYPE.float8, 8);
    this.#at = this.#bytes.writeDoubleBE(value, this.#at);
  }

  bool(value: boolean | null): void {
    if (value === null) return this.#null(TYPE.bool);
    this.#head(TYPE.bool, 1);
    this.#at = this.#bytes.writeUInt8(value ? 1 : 0, this.#at);
  }

  text(value: string | null): void {
    if (value === null) return this.#null(TYPE.text);
    this.#printed(TYPE.text, value, 0);
  }

  jsonb(text: string | null): void {
    if (text === null) return this.#null(TYPE.jsonb);
    this.#printed(TYPE.jsonb, text, 1);
  }

  bytea(value: Uint8Array | null): void {
    if (value === null) return this.#null(TYPE.bytea);
    this.#head(TYPE.bytea, value.length);
    this.#bytes.set(value, this.#at);
    this.#at += value.length;
  }

  timestamptz(atNs: bigint | null): void {
    if (atNs === null) return this.#null(TYPE.timestamptz);
    this.#head(TYPE.timestamptz, 8);
    const sinceEpochNs = atNs - EPOCH_NS;
    const rest = sinceEpochNs % NS_PER_US;
    const micros = (sinceEpochNs - rest) / NS_PER_US - (rest < 0n ? 1n : 0n);
    this.#at = this.#bytes.writeBigInt64BE(micros, this.#at);
  }

  tid(place: number | null): void {
    if (place === null) return this.#null(TYPE.tid);
    this.#head(TYPE.tid, TID_BYTES);
    this.#at = this.#bytes.writeUIntBE(place, this.#at, TID_BYTES);
  }

  #printed(type: number, text: string, versionBytes: number): void {
    this.#head(type, versionBytes + text.length * UTF8_BYTES_MAX);
    const startsAt = this.#at;
    if (versionBytes > 0) this.#at = this.#bytes.writeUInt8(JSONB_VERSION, this.#at);
    this.#at += this.#bytes.write(text, this.#at, "utf8");
    this.#bytes.writeInt32BE(this.#at - startsAt, startsAt - 4);
  }

  #null(type: number): void {
    this.#head(type, 0);
    this.#bytes.writeInt32BE(NULL_LENGTH, this.#at - 4);
  }

  #head(type: number, length: number): void {
    this.#values += 1;
    this.#room(VALUE_HEAD_BYTES + length);
    this.#word(type);
    this.#word(length);
  }

  #word(value: number): void {
    this.#at = this.#bytes.writeInt32BE(value, this.#at);
  }

  #room(length: number): void {
    const needed = this.#at + length;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#bytes.length));
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
  }
}
