// Writes fields of a protobuf message one after the other into a buffer that is used again and again. As the generated
// code does, a field without explicit presence is left out when it has its default.
// https://protobuf.dev/programming-guides/encoding/

import type { UnixNs } from "@truechimer/base";

/** A result of eight samples; larger ones make it grow. */
const FIRST_BYTES = 8_192;
/** The longest of a 64-bit number. */
const VARINT_BYTES_MAX = 10;
const VARINT = 0;
const DELIMITED = 2;
const NS_PER_S = 1_000_000_000n;

export class ProtobufBuffer {
  #bytes: Uint8Array = new Uint8Array(FIRST_BYTES);
  #at = 0;

  clear(): void {
    this.#at = 0;
  }

  /** A copy of what was written since `clear`. */
  taken(): Uint8Array {
    return this.#bytes.slice(0, this.#at);
  }

  bytes(field: number, value: Uint8Array): void {
    if (value.length === 0) return;
    this.#tag(field, DELIMITED);
    this.#varint(value.length);
    this.#room(value.length);
    this.#bytes.set(value, this.#at);
    this.#at += value.length;
  }

  string(field: number, value: string): void {
    if (value !== "") this.bytes(field, Buffer.from(value, "utf8"));
  }

  bool(field: number, value: boolean): void {
    this.number(field, value ? 1 : 0);
  }

  /** An integer of 32 bits. */
  number(field: number, value: number): void {
    if (value !== 0) this.present(field, value);
  }

  /** With explicit presence: written whatever its value, unless it is absent. */
  present(field: number, value: number | undefined): void {
    if (value === undefined) return;
    this.#tag(field, VARINT);
    this.#varint(value);
  }

  /** `google.protobuf.Timestamp`: `nanos` counts forwards, also before 1970. */
  timestamp(field: number, atNs: UnixNs | undefined): void {
    if (atNs === undefined) return;
    const nanos = ((atNs % NS_PER_S) + NS_PER_S) % NS_PER_S;
    this.#secondsAndNanos(field, Number((atNs - nanos) / NS_PER_S), Number(nanos));
  }

  /** `google.protobuf.Duration`: seconds and nanoseconds have the same sign. */
  duration(field: number, lengthNs: bigint | undefined): void {
    if (lengthNs === undefined) return;
    this.#secondsAndNanos(field, Number(lengthNs / NS_PER_S), Number(lengthNs % NS_PER_S));
  }

  /** A message begins; what is written until `end` is in it. Returns what `end` is given. */
  begin(field: number): number {
    this.#tag(field, DELIMITED);
    const start = this.#at;
    this.#varint(0);
    return start;
  }

  end(start: number): void {
    const length = this.#at - start - 1;
    const lengthBytes = varintBytes(length);
    this.#room(lengthBytes);
    // Room was left for one byte.
    if (lengthBytes > 1) this.#bytes.copyWithin(start + lengthBytes, start + 1, this.#at);
    const end = this.#at + lengthBytes - 1;
    this.#at = start;
    this.#varint(length);
    this.#at = end;
  }

  #secondsAndNanos(field: number, seconds: number, nanos: number): void {
    const start = this.begin(field);
    this.number(1, seconds);
    this.number(2, nanos);
    this.end(start);
  }

  #tag(field: number, wireType: number): void {
    this.#varint(field * 8 + wireType);
  }

  /** A whole number that a JavaScript number holds; a negative one is written as 64 bits. */
  #varint(value: number): void {
    this.#room(VARINT_BYTES_MAX);
    if (value < 0) {
      this.#negativeVarint(value);
      return;
    }
    let rest = value;
    while (rest > 0x7f) {
      this.#bytes[this.#at] = (rest % 0x80) + 0x80;
      this.#at += 1;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#at] = rest;
    this.#at += 1;
  }

  #negativeVarint(value: number): void {
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest > 0x7fn) {
      this.#bytes[this.#at] = Number(rest & 0x7fn) + 0x80;
      this.#at += 1;
      rest >>= 7n;
    }
    this.#bytes[this.#at] = Number(rest);
    this.#at += 1;
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return;
    const grown = new Uint8Array((this.#at + bytes) * 2);
    grown.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = grown;
  }
}

function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes += 1;
  return bytes;
}
