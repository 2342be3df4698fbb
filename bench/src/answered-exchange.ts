// One exchange of a check as an agent hands it in: both packets and their stamps.

import { create } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { monitorV2 } from "@truechimer/api";
import { systemRandom } from "@truechimer/base";
import { encodeNtpPacket, ntpTimestampFromUnixNs } from "@truechimer/ntp";

const NS_PER_SECOND = 1_000_000_000n;
/** Of the server that answers. */
export const OFFSET_NS = 1_000_000n;

/** With a server that is 1 ms ahead, 500 µs away. */
export function answeredExchange(t1Ns: bigint, sourceIpBytes: Uint8Array): monitorV2.NTPPacket {
  const nonce = Buffer.from(systemRandom.bytes(8)).readBigUInt64BE();
  const header = {
    leap: 0,
    version: 4,
    pollLog2: 0,
    precisionLog2: -20,
    rootDelay: 0,
    rootDispersion: 0,
    referenceId: 0xc0_00_02_09,
    referenceTimestamp: ntpTimestampFromUnixNs(t1Ns - 60n * NS_PER_SECOND),
    extensionFields: [],
    mac: undefined,
  } as const;
  return create(monitorV2.NTPPacketSchema, {
    request: encodeNtpPacket({
      ...header,
      mode: 3,
      stratum: 0,
      originTimestamp: 0n,
      receiveTimestamp: 0n,
      transmitTimestamp: nonce,
    }),
    data: encodeNtpPacket({
      ...header,
      mode: 4,
      stratum: 2,
      originTimestamp: nonce,
      receiveTimestamp: ntpTimestampFromUnixNs(t1Ns + 250_000n + OFFSET_NS),
      transmitTimestamp: ntpTimestampFromUnixNs(t1Ns + 260_000n + OFFSET_NS),
    }),
    sourceIpBytes,
    destinationIpBytes: sourceIpBytes,
    sourcePort: 123,
    destinationPort: 123,
    t1: timestampOf(t1Ns),
    t1Source: monitorV2.TimestampSource.KERNEL,
    t4: timestampOf(t1Ns + 510_000n),
    t4Source: monitorV2.TimestampSource.KERNEL,
    mode: monitorV2.ExchangeMode.BASIC,
  });
}

export function timestampOf(ns: bigint): Timestamp {
  return {
    $typeName: "google.protobuf.Timestamp",
    seconds: ns / NS_PER_SECOND,
    nanos: Number(ns % NS_PER_SECOND),
  };
}
