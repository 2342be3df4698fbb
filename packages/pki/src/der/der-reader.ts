// Reads DER and nothing but DER: definite lengths in their shortest form, nothing left over. What BER would also allow
// is refused, because two readers that understand one certificate differently are how names are forged. X.690, section
// 10. A reader never copies and never recurses, so a hostile input costs no more than its length.

import { malformed } from "./malformed.ts";

/** Longer lengths than any structure of ours: 16 MiB and above are refused before anything is read. */
const LENGTH_OCTETS_MAX = 3;

/** One value with its identifier octet. Both arrays look into the input. */
export interface DerValue {
  readonly tag: number;
  readonly contents: Uint8Array;
  /** Identifier, length and contents. */
  readonly encoding: Uint8Array;
}

/** Goes through values that stand one after the other. Every method ends the parsing when the input is not as asked. */
export interface DerReader {
  /** The next value, which must have this tag. `what` names it in the reason. */
  next(tag: number, what: string): DerValue;
  /** The next value if it has this tag; else the reader stays where it is. */
  optional(tag: number): DerValue | undefined;
  /** The next value, whatever it is. */
  any(what: string): DerValue;
  /** Tag of the next value. Absent: there is none. */
  readonly peek: number | undefined;
  /** Nothing may follow. */
  end(what: string): void;
}

/** A reader over values in a row, such as the contents of a SEQUENCE. */
export function readDer(bytes: Uint8Array): DerReader {
  let offset = 0;
  const any = (what: string): DerValue => {
    const value = valueAt(bytes, offset, what);
    offset += value.encoding.length;
    return value;
  };
  const next = (tag: number, what: string): DerValue => {
    const found = bytes[offset];
    if (found === undefined) return malformed(`${what} is missing`);
    if (found !== tag) return malformed(`${what} has tag ${hexOctet(found)}, not ${hexOctet(tag)}`);
    return any(what);
  };
  return {
    any,
    next,
    optional: (tag) => (bytes[offset] === tag ? any("an optional value") : undefined),
    get peek() {
      return bytes[offset];
    },
    end: (what) => {
      if (offset !== bytes.length) malformed(`${bytes.length - offset} octets follow ${what}`);
    },
  };
}

/** The one value that `bytes` consist of. */
export function onlyValue(bytes: Uint8Array, tag: number, what: string): DerValue {
  const reader = readDer(bytes);
  const value = reader.next(tag, what);
  reader.end(what);
  return value;
}

/** All values in a row, at most `max` of them. */
export function allValues(bytes: Uint8Array, max: number, what: string): readonly DerValue[] {
  const reader = readDer(bytes);
  const values: DerValue[] = [];
  while (reader.peek !== undefined) {
    if (values.length === max) malformed(`${what} has more than ${max} parts`);
    values.push(reader.any(what));
  }
  return values;
}

function valueAt(bytes: Uint8Array, start: number, what: string): DerValue {
  const tag = bytes[start];
  if (tag === undefined) return malformed(`${what} is missing`);
  if ((tag & 0x1f) === 0x1f) malformed(`${what} has a tag of several octets`);
  const { length, octets } = lengthAt(bytes, start + 1, what);
  const contentsStart = start + 1 + octets;
  const end = contentsStart + length;
  if (end > bytes.length) {
    malformed(`${what} says ${length} octets, ${bytes.length - contentsStart} are there`);
  }
  return {
    tag,
    contents: bytes.subarray(contentsStart, end),
    encoding: bytes.subarray(start, end),
  };
}

function lengthAt(
  bytes: Uint8Array,
  start: number,
  what: string,
): { readonly length: number; readonly octets: number } {
  const first = bytes[start];
  if (first === undefined) return malformed(`${what} ends before its length`);
  if (first < 0x80) return { length: first, octets: 1 };
  const count = first & 0x7f;
  if (count === 0) malformed(`${what} has an indefinite length, which DER does not have`);
  if (count > LENGTH_OCTETS_MAX) malformed(`${what} has a length of ${count} octets`);
  let length = 0;
  for (let at = 1; at <= count; at += 1) {
    const octet = bytes[start + at];
    if (octet === undefined) return malformed(`${what} ends within its length`);
    length = length * 256 + octet;
  }
  const shortest = length < 0x80 || bytes[start + 1] === 0;
  if (shortest) malformed(`${what} has a length that is not in its shortest form`);
  return { length, octets: 1 + count };
}

function hexOctet(octet: number): string {
  return `0x${octet.toString(16).padStart(2, "0")}`;
}
