// The network that an address stands in, as a key that is equal for two addresses of one network.

import { parseIpAddress } from "@truechimer/base";
import type { PrefixBits } from "./policy.ts";

const BITS_PER_BYTE = 8;
const V4_BITS = 32;
const V4_PARTS = 4;
const PART_MAX = 255;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;

/** An IPv4 address as a number, an IPv6 address as its bytes. An IPv4-mapped one is the IPv4 address. */
export type NetworkAddress = number | Uint8Array;
/** Of an IPv4 network a number, of an IPv6 network a text. */
export type NetworkKey = number | string;

/** Undefined: the text is no address. */
export function networkAddress(ip: string): NetworkAddress | undefined {
  const number = dottedNumber(ip);
  if (number !== undefined) return number;
  const parsed = parseIpAddress(ip);
  if (!parsed.ok) return undefined;
  return parsed.value.family === "v4" ? dottedNumber(parsed.value.text) : parsed.value.bytes;
}

/** Of one kind of prefix: equal for two addresses in one network, never for those of two families. */
export function networkKey(address: NetworkAddress, bits: PrefixBits): NetworkKey {
  if (typeof address === "number") return bits.v4 === 0 ? 0 : address >>> (V4_BITS - bits.v4);
  const whole = Math.floor(bits.v6 / BITS_PER_BYTE);
  const rest = bits.v6 % BITS_PER_BYTE;
  const parts = [...address.subarray(0, whole)];
  if (rest > 0) parts.push((address[whole] as number) >>> (BITS_PER_BYTE - rest));
  return parts.join(".");
}

/** Of four numbers without leading zeros, which is what nearly all addresses are; undefined: look closer. */
function dottedNumber(text: string): number | undefined {
  let number = 0;
  let part = 0;
  let digits = 0;
  let parts = 1;
  for (let place = 0; place < text.length; place += 1) {
    const code = text.charCodeAt(place);
    if (code === DOT && digits > 0 && parts < V4_PARTS) {
      number = number * (PART_MAX + 1) + part;
      part = 0;
      digits = 0;
      parts += 1;
      continue;
    }
    if (code < ZERO || code > NINE || (digits > 0 && part === 0)) return undefined;
    part = part * 10 + code - ZERO;
    digits += 1;
    if (part > PART_MAX) return undefined;
  }
  return parts === V4_PARTS && digits > 0 ? number * (PART_MAX + 1) + part : undefined;
}
