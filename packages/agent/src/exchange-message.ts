// One exchange as the wire carries it: the evidence, nothing derived but the coded reason.

import { create } from "@bufbuild/protobuf";
import { monitorV2 } from "@truechimer/api";
import { parseIpAddress } from "@truechimer/base";
import type { Sample, Stamp, TimestampSource } from "@truechimer/ntp";
import { durationFromNs, timestampFromNs } from "./protobuf-time.ts";

const SOURCES: Readonly<Record<TimestampSource, monitorV2.TimestampSource>> = {
  kernel: monitorV2.TimestampSource.KERNEL,
  user_space: monitorV2.TimestampSource.USER_SPACE,
};
const NO_BYTES = new Uint8Array();

export function exchangeMessage({ exchange, reason }: Sample): monitorV2.NTPPacket {
  const { t1, t4, clockStepNs } = exchange;
  return create(monitorV2.NTPPacketSchema, {
    sourceIpBytes: addressBytes(exchange.sourceAddress),
    destinationIpBytes: addressBytes(exchange.destinationAddress),
    ...(t1 === undefined ? {} : { t1: timestampFromNs(t1.atNs) }),
    ...(t4 === undefined ? {} : { t4: timestampFromNs(t4.atNs) }),
    data: exchange.response ?? NO_BYTES,
    request: exchange.request,
    t1Source: stampSource(t1),
    t4Source: stampSource(t4),
    reason: reason ?? "",
    ...(clockStepNs === undefined ? {} : { clockStep: durationFromNs(clockStepNs) }),
    sourcePort: exchange.sourcePort ?? 0,
    destinationPort: exchange.destinationPort,
  });
}

function stampSource(stamp: Stamp | undefined): monitorV2.TimestampSource {
  return stamp === undefined ? monitorV2.TimestampSource.UNSPECIFIED : SOURCES[stamp.source];
}

function addressBytes(text: string | undefined): Uint8Array {
  if (text === undefined) return NO_BYTES;
  const address = parseIpAddress(text);
  return address.ok ? address.value.bytes : NO_BYTES;
}
