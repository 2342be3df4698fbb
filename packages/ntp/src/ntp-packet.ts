// The NTP packet, version 4 and before: 48 bytes of header, then extension fields and a MAC. Every field is kept as it
// came, so that encoding a parsed packet gives the same bytes. RFC 5905, section 7.3.

import { ok, type Result, refused } from "@truechimer/base";
import {
  encodePacketTail,
  type PacketTail,
  packetTailBytes,
  parsePacketTail,
} from "./extension-field.ts";
import { viewOfHeader } from "./header-view.ts";
import type { NtpShort } from "./ntp-short.ts";
import type { NtpTimestamp } from "./ntp-timestamp.ts";
import type { SampleReason } from "./sample-reason.ts";

/** The header's length. RFC 5905, section 7.3. */
export const NTP_HEADER_BYTES = 48;

/** The protocol's version that we speak. */
export const NTP_VERSION = 4;

/** The modes that take part in an exchange. RFC 5905, section 3. */
export const NTP_MODE = { client: 3, server: 4 } as const;

/** 0 no warning, 1 last minute has 61 s, 2 last minute has 59 s, 3 not synchronised. RFC 5905, section 7.3. */
export type LeapIndicator = 0 | 1 | 2 | 3;

export interface NtpPacketHeader {
  readonly leap: LeapIndicator;
  /** 0 to 7. */
  readonly version: number;
  /** 0 to 7. */
  readonly mode: number;
  /** 0 to 255: 0 is a kiss-o'-death or unspecified, 1 a reference clock, 16 not synchronised. */
  readonly stratum: number;
  /** log2 of the seconds between polls; signed. */
  readonly pollLog2: number;
  /** log2 of the seconds that the clock can tell apart; signed. */
  readonly precisionLog2: number;
  readonly rootDelay: NtpShort;
  readonly rootDispersion: NtpShort;
  /** 32 bits; what they mean depends on the stratum. */
  readonly referenceId: number;
  /** When the sender's clock was last set. */
  readonly referenceTimestamp: NtpTimestamp;
  /** The transmit time stamp of the request that this answers. */
  readonly originTimestamp: NtpTimestamp;
  /** T2 in an answer. */
  readonly receiveTimestamp: NtpTimestamp;
  /** T3 in an answer; our nonce in a request. */
  readonly transmitTimestamp: NtpTimestamp;
}

export interface NtpPacket extends NtpPacketHeader, PacketTail {}

/** The first 48 bytes; `truncated` when there are fewer. */
export function parseNtpHeader(bytes: Uint8Array): Result<NtpPacketHeader, "truncated"> {
  if (bytes.length < NTP_HEADER_BYTES) return refused("truncated");
  const view = viewOfHeader(bytes);
  const first = view.getUint8(0);
  return ok({
    leap: (first >> 6) as LeapIndicator,
    version: (first >> 3) & 0b111,
    mode: first & 0b111,
    stratum: view.getUint8(1),
    pollLog2: view.getInt8(2),
    precisionLog2: view.getInt8(3),
    rootDelay: view.getUint32(4),
    rootDispersion: view.getUint32(8),
    referenceId: view.getUint32(12),
    referenceTimestamp: view.getBigUint64(16),
    originTimestamp: view.getBigUint64(24),
    receiveTimestamp: view.getBigUint64(32),
    transmitTimestamp: view.getBigUint64(40),
  });
}

/** A whole datagram. Refused as `truncated` or `bad_extension`; whether it answers anything is not asked here. */
export function parseNtpPacket(bytes: Uint8Array): Result<NtpPacket, SampleReason> {
  const header = parseNtpHeader(bytes);
  if (!header.ok) return header;
  const tail = parsePacketTail(tailOf(bytes), header.value.version);
  if (!tail.ok) return tail;
  return ok({ ...header.value, ...tail.value });
}

/** What follows the header. */
export function tailOf(packet: Uint8Array): Uint8Array {
  return packet.length === NTP_HEADER_BYTES ? NO_TAIL : packet.subarray(NTP_HEADER_BYTES);
}

const NO_TAIL = new Uint8Array();

/** The bytes of a packet. Numbers are cut to the width of their fields. */
export function encodeNtpPacket(packet: NtpPacket): Uint8Array {
  const bytes = new Uint8Array(NTP_HEADER_BYTES + packetTailBytes(packet));
  const view = new DataView(bytes.buffer);
  view.setUint8(0, (packet.leap << 6) | ((packet.version & 0b111) << 3) | (packet.mode & 0b111));
  view.setUint8(1, packet.stratum);
  view.setInt8(2, packet.pollLog2);
  view.setInt8(3, packet.precisionLog2);
  view.setUint32(4, packet.rootDelay);
  view.setUint32(8, packet.rootDispersion);
  view.setUint32(12, packet.referenceId);
  view.setBigUint64(16, packet.referenceTimestamp);
  view.setBigUint64(24, packet.originTimestamp);
  view.setBigUint64(32, packet.receiveTimestamp);
  view.setBigUint64(40, packet.transmitTimestamp);
  encodePacketTail(packet, bytes.subarray(NTP_HEADER_BYTES));
  return bytes;
}
