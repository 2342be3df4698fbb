// The network that an address stands in, as a text that is equal for two addresses of one network.

import { parseIpAddress } from "@truechimer/base";
import type { PrefixBits } from "./policy.ts";

const BITS_PER_BYTE = 8;

/** Undefined: the text is no address. An IPv4-mapped address stands in the network of the IPv4 address. */
export function networkKey(ip: string, bits: PrefixBits): string | undefined {
  const parsed = parseIpAddress(ip);
  if (!parsed.ok) return undefined;
  const { family, bytes } = parsed.value;
  const kept = bits[family];
  const whole = Math.floor(kept / BITS_PER_BYTE);
  const rest = kept % BITS_PER_BYTE;
  const parts = [...bytes.subarray(0, whole)];
  if (rest > 0) parts.push((bytes[whole] ?? 0) >>> (BITS_PER_BYTE - rest));
  return `${family}/${kept}:${parts.join(".")}`;
}
