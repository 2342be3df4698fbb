// Contents of the primitive types, read strictly: one value, one encoding. X.690, sections 8 and 11.

import { malformed } from "./malformed.ts";

/** A number that is not negative and in its shortest form, without the octet that only keeps it positive. */
export function readUnsignedInteger(contents: Uint8Array, what: string): Uint8Array {
  const [first, second] = contents;
  if (first === undefined) return malformed(`${what} is an empty number`);
  if ((first & 0x80) !== 0) malformed(`${what} is negative`);
  if (first !== 0 || second === undefined) return contents;
  if ((second & 0x80) === 0) malformed(`${what} is a padded number`);
  return contents.subarray(1);
}

/** A small number that is not negative, below 2^31. */
export function readSmallInteger(contents: Uint8Array, what: string): number {
  const octets = readUnsignedInteger(contents, what);
  if (octets.length > 4) malformed(`${what} is a number over 2^31`);
  const value = octets.reduce((sum, octet) => sum * 256 + octet, 0);
  return value < 2 ** 31 ? value : malformed(`${what} is a number over 2^31`);
}

/** TRUE is all ones and nothing else. */
export function readBoolean(contents: Uint8Array, what: string): boolean {
  const [octet] = contents;
  if (contents.length !== 1 || (octet !== 0 && octet !== 0xff)) {
    malformed(`${what} is neither TRUE nor FALSE`);
  }
  return octet === 0xff;
}

/** Octets of a BIT STRING that is made of whole ones. */
export function readBitString(contents: Uint8Array, what: string): Uint8Array {
  if (contents[0] !== 0) malformed(`${what} is not made of whole octets`);
  return contents.subarray(1);
}

/** Numbers of the bits that are set, of a BIT STRING whose bits have names. At most 16 bits. */
export function readNamedBits(contents: Uint8Array, what: string): readonly number[] {
  const [unused] = contents;
  const octets = contents.subarray(1);
  if (unused === undefined || unused > 7 || octets.length === 0 || octets.length > 2) {
    return malformed(`${what} is no string of 1 to 16 bits`);
  }
  const count = octets.length * 8 - unused;
  const bits: number[] = [];
  for (let bit = 0; bit < octets.length * 8; bit += 1) {
    if (((octets[Math.floor(bit / 8)] ?? 0) & (0x80 >> (bit % 8))) !== 0) bits.push(bit);
  }
  if (bits.at(-1) !== count - 1) malformed(`${what} does not end with its last set bit`);
  return bits;
}

/** ASCII text without control characters. */
export function readAscii(contents: Uint8Array, what: string): string {
  if (contents.some((octet) => octet < 0x20 || octet > 0x7e)) {
    malformed(`${what} has characters outside of printable ASCII`);
  }
  return new TextDecoder().decode(contents);
}
