// A datagram field by field, for people who want to see what was on the wire: each field beside its bytes. Works on
// anything, also on half a packet or on garbage.

import { formatDurationNs, type UnixNs } from "@truechimer/base";
import { EXTENSION_FIELD_HEAD_BYTES, parsePacketTail } from "./extension-field.ts";
import { extensionFieldName } from "./extension-field-name.ts";
import { NTP_HEADER_BYTES, type NtpPacketHeader, parseNtpHeader } from "./ntp-packet.ts";
import { nsFromNtpShort } from "./ntp-short.ts";
import { type NtpTimestamp, unixNsFromNtpTimestamp } from "./ntp-timestamp.ts";
import { kissCode, referenceIdText } from "./reference-id.ts";

/** One field beside its bytes. */
export interface PacketFieldText {
  readonly name: string;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  readonly rawHex: string;
  /** The value as a number or text. */
  readonly value: string;
  /** What it says in words; empty when the value says it all. */
  readonly meaning: string;
}

export interface DescribeOptions {
  /** About when the datagram was on the wire; decides the era of its time stamps. Absent: era 0, from 1900. */
  readonly pivotNs?: UnixNs;
}

/** The fields in the order of the wire; every byte belongs to exactly one, except that three share the first. */
export function describePacketFields(
  bytes: Uint8Array,
  options: DescribeOptions = {},
): readonly PacketFieldText[] {
  const header = parseNtpHeader(bytes);
  if (!header.ok) return [rest("truncated header", bytes, 0)];
  return [
    ...headerFields(bytes, header.value, options.pivotNs),
    ...tailFields(bytes, header.value.version),
  ];
}

function headerFields(
  bytes: Uint8Array,
  header: NtpPacketHeader,
  pivotNs: UnixNs | undefined,
): readonly PacketFieldText[] {
  const field = (
    [name, offsetBytes, lengthBytes]: readonly [string, number, number],
    value: string,
    meaning: string,
  ): PacketFieldText => ({
    name,
    offsetBytes,
    lengthBytes,
    rawHex: hex(bytes.subarray(offsetBytes, offsetBytes + lengthBytes)),
    value,
    meaning,
  });
  const instant = (name: string, offsetBytes: number, timestamp: NtpTimestamp): PacketFieldText =>
    field(
      [name, offsetBytes, 8],
      `0x${timestamp.toString(16).padStart(16, "0")}`,
      instantText(timestamp, pivotNs),
    );
  return [
    field(["leap indicator", 0, 1], `${header.leap}`, LEAP_TEXTS[header.leap]),
    field(["version", 0, 1], `${header.version}`, ""),
    field(["mode", 0, 1], `${header.mode}`, MODE_TEXTS[header.mode] ?? ""),
    field(["stratum", 1, 1], `${header.stratum}`, stratumText(header.stratum)),
    field(["poll", 2, 1], `${header.pollLog2}`, powerText(header.pollLog2)),
    field(["precision", 3, 1], `${header.precisionLog2}`, powerText(header.precisionLog2)),
    field(
      ["root delay", 4, 4],
      `${header.rootDelay}`,
      formatDurationNs(nsFromNtpShort(header.rootDelay)),
    ),
    field(
      ["root dispersion", 8, 4],
      `${header.rootDispersion}`,
      formatDurationNs(nsFromNtpShort(header.rootDispersion)),
    ),
    field(["reference id", 12, 4], referenceIdText(header, "v4"), referenceIdMeaning(header)),
    instant("reference time stamp", 16, header.referenceTimestamp),
    instant("origin time stamp", 24, header.originTimestamp),
    instant("receive time stamp", 32, header.receiveTimestamp),
    instant("transmit time stamp", 40, header.transmitTimestamp),
  ];
}

function tailFields(bytes: Uint8Array, version: number): readonly PacketFieldText[] {
  const tail = parsePacketTail(bytes.subarray(NTP_HEADER_BYTES), version);
  if (!tail.ok) return [rest("broken extension fields", bytes, NTP_HEADER_BYTES)];
  const fields: PacketFieldText[] = [];
  let offsetBytes = NTP_HEADER_BYTES;
  for (const { type, value } of tail.value.extensionFields) {
    const lengthBytes = EXTENSION_FIELD_HEAD_BYTES + value.length;
    fields.push({
      name: "extension field",
      offsetBytes,
      lengthBytes,
      rawHex: hex(bytes.subarray(offsetBytes, offsetBytes + lengthBytes)),
      value: `0x${type.toString(16).padStart(4, "0")}, ${lengthBytes} bytes`,
      meaning: extensionFieldName(type),
    });
    offsetBytes += lengthBytes;
  }
  if (tail.value.mac !== undefined) fields.push(macField(tail.value.mac, offsetBytes));
  return fields;
}

function macField(mac: Uint8Array, offsetBytes: number): PacketFieldText {
  const keyId = new DataView(mac.buffer, mac.byteOffset).getUint32(0);
  return {
    name: "message authentication code",
    offsetBytes,
    lengthBytes: mac.length,
    rawHex: hex(mac),
    value: `key ${keyId}`,
    meaning:
      mac.length === 4
        ? "crypto-NAK: the key was refused"
        : `${mac.length - 4} bytes of digest, not checked`,
  };
}

function rest(name: string, bytes: Uint8Array, offsetBytes: number): PacketFieldText {
  const lengthBytes = bytes.length - offsetBytes;
  return {
    name,
    offsetBytes,
    lengthBytes,
    rawHex: hex(bytes.subarray(offsetBytes)),
    value: `${lengthBytes} bytes`,
    meaning: "",
  };
}

const LEAP_TEXTS = [
  "no leap second is near",
  "the last minute of the day has 61 seconds",
  "the last minute of the day has 59 seconds",
  "not synchronised",
] as const;

const MODE_TEXTS = [
  "reserved",
  "symmetric active",
  "symmetric passive",
  "client",
  "server",
  "broadcast",
  "control message",
  "private use",
] as const;

const STRATUM_UNSYNCHRONISED = 16;

function stratumText(stratum: number): string {
  if (stratum === 0) return "kiss-o'-death, or not specified";
  if (stratum === 1) return "has a reference clock of its own";
  if (stratum === 2) return "1 server away from a reference clock";
  if (stratum < STRATUM_UNSYNCHRONISED) return `${stratum - 1} servers away from a reference clock`;
  return stratum === STRATUM_UNSYNCHRONISED ? "not synchronised" : "reserved";
}

/** Beyond these a power of two in seconds is not a time that a clock or a poll can have. */
const POWER_MAX = 36;

function powerText(log2: number): string {
  if (Math.abs(log2) > POWER_MAX) return "out of range";
  return formatDurationNs(BigInt(Math.round(2 ** log2 * 1e9)));
}

function referenceIdMeaning(header: NtpPacketHeader): string {
  const kiss = kissCode(header);
  if (kiss !== undefined) return "kiss code";
  if (header.stratum === 0) return "";
  return header.stratum === 1
    ? "the reference clock"
    : "the server's own source, or a hash of its IPv6 address";
}

function instantText(timestamp: NtpTimestamp, pivotNs: UnixNs | undefined): string {
  if (timestamp === 0n) return "unknown";
  const atNs = unixNsFromNtpTimestamp(timestamp, pivotNs ?? 0n);
  return isoText(atNs);
}

const NS_PER_SECOND = 1_000_000_000n;
/** Where JavaScript's dates end, some 275,000 years from now; evidence may claim to be from beyond. */
const DATE_SECONDS_MAX = 8_640_000_000_000n;

/** ISO 8601 in UTC with nanoseconds. */
function isoText(atNs: UnixNs): string {
  const fractionNs = ((atNs % NS_PER_SECOND) + NS_PER_SECOND) % NS_PER_SECOND;
  const seconds = (atNs - fractionNs) / NS_PER_SECOND;
  if (seconds > DATE_SECONDS_MAX || seconds < -DATE_SECONDS_MAX) return "out of range";
  const wholeText = new Date(Number(seconds) * 1_000).toISOString().replace(/\.000Z$/, "");
  return `${wholeText}.${fractionNs.toString().padStart(9, "0")}Z`;
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
