// The reference id: four characters or four bytes of an address, depending on the stratum. RFC 5905, section 7.3.

import type { IpFamily } from "@truechimer/base";
import type { NtpPacketHeader } from "./ntp-packet.ts";

const PRINTABLE = /^[\x21-\x7e]{1,4}$/;

/**
 * The kiss code of an answer with stratum 0: four printable characters ("RATE"), without the zero bytes that may pad
 * it. Absent: stratum is not 0, or the id is no text. RFC 5905, section 7.4.
 */
export function kissCode(
  packet: Pick<NtpPacketHeader, "stratum" | "referenceId">,
): string | undefined {
  return packet.stratum === 0 ? printable(packet.referenceId) : undefined;
}

/**
 * The reference id for people: a code in quotation marks is left to the caller. Stratum 0 and 1: the characters; from
 * 2: the upstream's IPv4 address, or for a server reached over IPv6 the hash in hexadecimal.
 */
export function referenceIdText(
  packet: Pick<NtpPacketHeader, "stratum" | "referenceId">,
  family: IpFamily,
): string {
  if (packet.stratum <= 1)
    return printable(packet.referenceId) ?? referenceIdHex(packet.referenceId);
  return family === "v4"
    ? referenceIdBytes(packet.referenceId).join(".")
    : referenceIdHex(packet.referenceId);
}

/** Eight hexadecimal digits. */
export function referenceIdHex(referenceId: number): string {
  return `0x${referenceId.toString(16).padStart(8, "0")}`;
}

/** The id of a four-character code, for those who build answers; shorter ones are padded with zero bytes. */
export function referenceIdFromText(text: string): number {
  return [0, 1, 2, 3].reduce(
    (id, position) => id * 256 + (text.charCodeAt(position) & 0x7f || 0),
    0,
  );
}

function printable(referenceId: number): string | undefined {
  const text = String.fromCharCode(...referenceIdBytes(referenceId)).replace(/\0+$/, "");
  return PRINTABLE.test(text) ? text : undefined;
}

function referenceIdBytes(referenceId: number): readonly number[] {
  return [24, 16, 8, 0].map((shift) => (referenceId >>> shift) & 0xff);
}
