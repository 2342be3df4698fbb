// Serial numbers: nobody can guess one, and none comes twice. RFC 5280, section 4.1.2.2: positive, 20 octets at most.

import type { Random } from "@truechimer/base";
import { hexFromBytes } from "./octets.ts";

/** With the first bit clear and the second set: always 20 octets, always positive, 158 random bits. */
const SERIAL_BYTES = 20;

/** Canonical text of a fresh one. */
export function createSerialNumber(random: Random): string {
  const octets = random.bytes(SERIAL_BYTES).slice();
  octets[0] = ((octets[0] ?? 0) & 0x3f) | 0x40;
  return hexFromBytes(octets);
}
