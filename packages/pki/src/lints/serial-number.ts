// The serial number is the one that was stored, positive, 20 octets at most, and too long to be guessed.

import { SERIAL_OCTETS_MAX } from "../certificate.ts";
import type { Lint } from "./lint.ts";

/** Twice what the CA/Browser Forum asks for, which is 64 random bits. */
const OCTETS_MIN = 16;

export const serialNumber: Lint = {
  name: "serial-number",
  source: "RFC 5280, section 4.1.2.2",
  finding: ({ serial }, plan) => {
    const octets = serial.length / 2;
    if (serial !== plan.serial) return `serial ${serial}, not the stored ${plan.serial}`;
    return octets >= OCTETS_MIN && octets <= SERIAL_OCTETS_MAX
      ? undefined
      : `a serial of ${octets} octets: expected ${OCTETS_MIN} to ${SERIAL_OCTETS_MAX}`;
  },
};
