// One exchange as the wire carries it: the evidence, nothing derived but the coded reason.

import { create } from "@bufbuild/protobuf";
import { monitorV2 } from "@truechimer/api";
import { parseIpAddress } from "@truechimer/base";
import {
  type ExchangeMode,
  type KeptSample,
  type Stamp,
  type TimestampSource,
  timedExchangeIndex,
} from "@truechimer/ntp";
import { durationFromNs, timestampFromNs } from "./protobuf-time.ts";

const SOURCES: Readonly<Record<TimestampSource, monitorV2.TimestampSource>> = {
  kernel: monitorV2.TimestampSource.KERNEL,
  user_space: monitorV2.TimestampSource.USER_SPACE,
};
export const EXCHANGE_MODES: Readonly<Record<ExchangeMode, monitorV2.ExchangeMode>> = {
  basic: monitorV2.ExchangeMode.BASIC,
  interleaved: monitorV2.ExchangeMode.INTERLEAVED,
};
const NO_BYTES = new Uint8Array();

/** `samples`: those of the check, in which an interleaved sample has its pair. */
export function exchangeMessage(
  sample: KeptSample,
  samples: readonly KeptSample[],
): monitorV2.NTPPacket {
  const { exchange, reason, mode } = sample;
  const { t1, t4, clockStepNs } = exchange;
  const timedIndex = timedExchangeIndex(sample, samples);
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
    mode: EXCHANGE_MODES[mode],
    ...(timedIndex === undefined ? {} : { timedExchangeIndex: timedIndex }),
  });
}

/** Of one of its stamps. */
export function stampSource(stamp: Stamp | undefined): monitorV2.TimestampSource {
  return stamp === undefined ? monitorV2.TimestampSource.UNSPECIFIED : SOURCES[stamp.source];
}

function addressBytes(text: string | undefined): Uint8Array {
  if (text === undefined) return NO_BYTES;
  const address = parseIpAddress(text);
  return address.ok ? address.value.bytes : NO_BYTES;
}
