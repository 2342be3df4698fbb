// Evidence as an agent would have it.

import { create } from "@bufbuild/protobuf";
import { monitorV2 } from "@truechimer/api";
import { encodeNtpPacket, ntpTimestampFromUnixNs } from "@truechimer/ntp";

const T1_NS = 1_800_000_000_000_000_000n;

/** One exchange that nobody answered, and one with a server 1 ms ahead: offset 1,000,000 ns, round trip 500,000 ns. */
export function exchanges(): { silent: monitorV2.NTPPacket; answered: monitorV2.NTPPacket } {
  const at = (ns: bigint): { seconds: bigint; nanos: number } => ({
    seconds: ns / 1_000_000_000n,
    nanos: Number(ns % 1_000_000_000n),
  });
  const nonce = 0x1234_5678_9abc_def0n;
  const header = {
    leap: 0,
    version: 4,
    pollLog2: 0,
    precisionLog2: -20,
    rootDelay: 0,
    rootDispersion: 0,
    referenceId: 0xc0_00_02_09,
    referenceTimestamp: ntpTimestampFromUnixNs(T1_NS),
    extensionFields: [],
    mac: undefined,
  } as const;
  const request = encodeNtpPacket({
    ...header,
    mode: 3,
    stratum: 0,
    originTimestamp: 0n,
    receiveTimestamp: 0n,
    transmitTimestamp: nonce,
  });
  const data = encodeNtpPacket({
    ...header,
    mode: 4,
    stratum: 2,
    originTimestamp: nonce,
    receiveTimestamp: ntpTimestampFromUnixNs(T1_NS + 1_250_000n),
    transmitTimestamp: ntpTimestampFromUnixNs(T1_NS + 1_260_000n),
  });
  const common = {
    request,
    destinationIpBytes: Uint8Array.of(10, 1, 0, 1),
    destinationPort: 123,
    t1: at(T1_NS),
    t1Source: monitorV2.TimestampSource.KERNEL,
  };
  return {
    silent: create(monitorV2.NTPPacketSchema, { ...common, reason: "timeout" }),
    answered: create(monitorV2.NTPPacketSchema, {
      ...common,
      data,
      t4: at(T1_NS + 510_000n),
      t4Source: monitorV2.TimestampSource.KERNEL,
    }),
  };
}
