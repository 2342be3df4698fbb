// Writes DER: each function gives the whole encoding of one value.

import { assert } from "@truechimer/base";
import { DER_TAG, explicitTag } from "./der-tag.ts";

/** A value of any tag around contents that are already encoded. */
export function encodeDer(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const length = contents.reduce((sum, part) => sum + part.length, 0);
  const header = Uint8Array.of(tag, ...lengthOctets(length));
  const encoding = new Uint8Array(header.length + length);
  encoding.set(header);
  let offset = header.length;
  for (const part of contents) {
    encoding.set(part, offset);
    offset += part.length;
  }
  return encoding;
}

/** Values in their order. */
export function encodeSequence(...values: readonly Uint8Array[]): Uint8Array {
  return encodeDer(DER_TAG.sequence, ...values);
}

/** Of one value or none: more would have to be sorted first. */
export function encodeSet(...values: readonly Uint8Array[]): Uint8Array {
  return encodeDer(DER_TAG.set, ...values);
}

/** A value within the context-specific tag of this number. */
export function encodeExplicit(number: number, value: Uint8Array): Uint8Array {
  return encodeDer(explicitTag(number), value);
}

/** A number that is not negative, from its octets: in the shortest form, with a zero octet before a set sign bit. */
export function encodeUnsignedInteger(octets: Uint8Array): Uint8Array {
  const start = octets.findIndex((octet) => octet !== 0);
  const significant = start === -1 ? Uint8Array.of(0) : octets.subarray(start);
  const signed = ((significant[0] ?? 0) & 0x80) !== 0;
  return signed
    ? encodeDer(DER_TAG.integer, Uint8Array.of(0), significant)
    : encodeDer(DER_TAG.integer, significant);
}

/** A small number, from 0 to 127. */
export function encodeSmallInteger(value: number): Uint8Array {
  assert(value >= 0 && value < 0x80, `${value} is no small integer`);
  return encodeDer(DER_TAG.integer, Uint8Array.of(value));
}

/** DEFAULT FALSE is never written, so only TRUE is. */
export function encodeTrue(): Uint8Array {
  return encodeDer(DER_TAG.boolean, Uint8Array.of(0xff));
}

/** Octets as they are. */
export function encodeOctetString(octets: Uint8Array): Uint8Array {
  return encodeDer(DER_TAG.octetString, octets);
}

/** Whole octets: none of the last octet's bits is unused. */
export function encodeBitString(octets: Uint8Array): Uint8Array {
  return encodeDer(DER_TAG.bitString, Uint8Array.of(0), octets);
}

/** Bits by their number, the first of them the highest of the first octet; trailing zero bits are left out. */
export function encodeNamedBits(bits: readonly number[]): Uint8Array {
  const last = Math.max(...bits);
  const octets = new Uint8Array(Math.floor(last / 8) + 1);
  for (const bit of bits) {
    const at = Math.floor(bit / 8);
    octets[at] = (octets[at] ?? 0) | (0x80 >> (bit % 8));
  }
  return encodeDer(DER_TAG.bitString, Uint8Array.of(7 - (last % 8)), octets);
}

/** Text in a string type of one's choice. */
export function encodeText(tag: number, text: string): Uint8Array {
  return encodeDer(tag, new TextEncoder().encode(text));
}

function lengthOctets(length: number): readonly number[] {
  if (length < 0x80) return [length];
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256);
  return [0x80 | octets.length, ...octets];
}
