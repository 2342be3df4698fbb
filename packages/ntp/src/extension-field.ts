// What may follow the 48 bytes of the header: extension fields and a message authentication code. Lengths alone tell
// them apart. RFC 7822, section 3 (which replaces RFC 5905, section 7.5).

import { ok, type Result, refused } from "@truechimer/base";

/** One field, known or not. RFC 7822, section 3. */
export interface ExtensionField {
  /** 16 bits; RFC 8915 and RFC 9769 name some of them. */
  readonly type: number;
  /** All after type and length, padding included. */
  readonly value: Uint8Array;
}

/** What follows the header. */
export interface PacketTail {
  readonly extensionFields: readonly ExtensionField[];
  /** Key identifier and digest, unchecked. 4 bytes alone are a crypto-NAK. Absent: the packet has none. */
  readonly mac: Uint8Array | undefined;
}

/** Type and length. */
export const EXTENSION_FIELD_HEAD_BYTES = 4;
/** The smallest field. RFC 7822, section 3. */
const EXTENSION_FIELD_BYTES_MIN = 16;
/** The smallest last field of a packet without a MAC, so that it cannot be taken for one. RFC 7822, section 3. */
const EXTENSION_FIELD_BYTES_MIN_LAST = 28;
/** NTS, which has the most, needs 17 (RFC 8915, section 5.7). Stops a datagram made of thousands of fields. */
export const EXTENSION_FIELDS_MAX = 32;

/** Crypto-NAK; 128-bit digest (MD5, AES-CMAC); 160-bit digest (SHA-1). RFC 7822, section 3, and RFC 8573. */
const MAC_BYTES: readonly number[] = [4, 20, 24];
/** Version 3 and before have no extension fields, but a MAC with a 64-bit checksum. RFC 1305, appendix C. */
const MAC_BYTES_BEFORE_VERSION_4: readonly number[] = [4, 12, 20, 24];
const VERSION_WITH_EXTENSIONS = 4;

/** Splits what follows the header. Unknown fields are kept; broken lengths refuse the packet. */
export function parsePacketTail(
  bytes: Uint8Array,
  version: number,
): Result<PacketTail, "bad_extension"> {
  if (version < VERSION_WITH_EXTENSIONS) return parseMacOnly(bytes);
  const extensionFields: ExtensionField[] = [];
  let rest = bytes;
  while (rest.length > 0 && !MAC_BYTES.includes(rest.length)) {
    const field = parseFirstField(rest);
    if (field === undefined || extensionFields.length === EXTENSION_FIELDS_MAX) {
      return refused("bad_extension");
    }
    extensionFields.push(field);
    rest = rest.subarray(EXTENSION_FIELD_HEAD_BYTES + field.value.length);
  }
  return ok({ extensionFields, mac: rest.length === 0 ? undefined : rest.slice() });
}

/** Length of the tail in bytes. */
export function packetTailBytes(tail: PacketTail): number {
  return tail.extensionFields.reduce(
    (sum, field) => sum + EXTENSION_FIELD_HEAD_BYTES + field.value.length,
    tail.mac?.length ?? 0,
  );
}

/** Writes the tail into `target`, which must have `packetTailBytes` of room. */
export function encodePacketTail(tail: PacketTail, target: Uint8Array): void {
  let offset = 0;
  for (const field of tail.extensionFields) {
    const lengthBytes = EXTENSION_FIELD_HEAD_BYTES + field.value.length;
    target.set([field.type >> 8, field.type & 0xff, lengthBytes >> 8, lengthBytes & 0xff], offset);
    target.set(field.value, offset + EXTENSION_FIELD_HEAD_BYTES);
    offset += lengthBytes;
  }
  if (tail.mac !== undefined) target.set(tail.mac, offset);
}

function parseMacOnly(bytes: Uint8Array): Result<PacketTail, "bad_extension"> {
  if (bytes.length === 0) return ok({ extensionFields: [], mac: undefined });
  if (!MAC_BYTES_BEFORE_VERSION_4.includes(bytes.length)) return refused("bad_extension");
  return ok({ extensionFields: [], mac: bytes.slice() });
}

function parseFirstField(rest: Uint8Array): ExtensionField | undefined {
  const [typeHigh = 0, typeLow = 0, lengthHigh = 0, lengthLow = 0] = rest;
  const lengthBytes = (lengthHigh << 8) | lengthLow;
  const isLast = lengthBytes === rest.length;
  const leastBytes = isLast ? EXTENSION_FIELD_BYTES_MIN_LAST : EXTENSION_FIELD_BYTES_MIN;
  if (lengthBytes < leastBytes || lengthBytes > rest.length || lengthBytes % 4 !== 0)
    return undefined;
  return {
    type: (typeHigh << 8) | typeLow,
    value: rest.slice(EXTENSION_FIELD_HEAD_BYTES, lengthBytes),
  };
}
