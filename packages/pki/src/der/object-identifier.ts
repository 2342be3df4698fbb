// Object identifiers: dotted text outside, base-128 inside. X.690, section 8.19.

import { assert } from "@truechimer/base";
import { DER_TAG } from "./der-tag.ts";
import { encodeDer } from "./der-writer.ts";
import { malformed } from "./malformed.ts";

/** Longer ones name nothing that a certificate of ours may hold. */
const OCTETS_MAX = 64;
/** The first two arcs share one number; the first is 0, 1 or 2. */
const ARCS_PER_FIRST = 40;

/** Whole encoding of a dotted text such as "1.2.840.10045.2.1". */
export function encodeObjectIdentifier(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  assert(first <= 2 && [first, second, ...rest].every(Number.isSafeInteger), `no OID: ${dotted}`);
  const octets = [first * ARCS_PER_FIRST + second, ...rest].flatMap(base128);
  return encodeDer(DER_TAG.objectIdentifier, Uint8Array.from(octets));
}

/** Dotted text of the contents of an OBJECT IDENTIFIER. */
export function readObjectIdentifier(contents: Uint8Array): string {
  if (contents.length === 0 || contents.length > OCTETS_MAX) {
    malformed(`an object identifier of ${contents.length} octets`);
  }
  const arcs: number[] = [];
  let arc = 0;
  let fresh = true;
  for (const octet of contents) {
    if (fresh && octet === 0x80) malformed("an object identifier with a padded number");
    arc = arc * 128 + (octet & 0x7f);
    if (!Number.isSafeInteger(arc)) malformed("an object identifier with a number over 2^53");
    fresh = (octet & 0x80) === 0;
    if (!fresh) continue;
    arcs.push(arc);
    arc = 0;
  }
  if (!fresh) malformed("an object identifier that ends within a number");
  const [combined = 0, ...rest] = arcs;
  const first = Math.min(2, Math.floor(combined / ARCS_PER_FIRST));
  return [first, combined - first * ARCS_PER_FIRST, ...rest].join(".");
}

function base128(value: number): readonly number[] {
  const octets = [value % 128];
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) {
    octets.unshift(0x80 | (rest % 128));
  }
  return octets;
}
