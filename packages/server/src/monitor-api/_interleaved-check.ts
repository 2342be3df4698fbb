// The evidence of a check in interleaved mode as an agent would send it: three exchanges, the third of them timing the
// second, with a server 1 ms ahead whose T3 in the packet is 6 µs before the departure.

import { create } from "@bufbuild/protobuf";
import { monitorV2 } from "@truechimer/api";
import { unsafelyDeterministicRandom } from "@truechimer/base";
import {
  createDepartureMemory,
  createInterleavedSession,
  encodeNtpPacket,
  ntpTimestampFromUnixNs,
  requestNonce,
} from "@truechimer/ntp";

const START_NS = 1_800_000_000_000_000_000n;
const GAP_NS = 2_000_000_000n;
const LEG_NS = 50_000n;
const HELD_NS = 20_000n;
const EARLY_NS = 6_000n;

/** What the third exchange comes to; the others err by 3 µs. */
export const INTERLEAVED_OFFSET_NS = 1_000_000n;
export const INTERLEAVED_DELAY_NS = 100_000n;

export function interleavedCheck(): readonly monitorV2.NTPPacket[] {
  const session = createInterleavedSession();
  const random = unsafelyDeterministicRandom(5);
  const departures = createDepartureMemory();
  return [0n, 1n, 2n].map((index) => {
    const request = session.nextRequest(random).bytes;
    const t1Ns = START_NS + index * GAP_NS;
    const receivedNs = t1Ns + LEG_NS + INTERLEAVED_OFFSET_NS;
    const interleaved = departures.take(request);
    const receiveTimestamp = ntpTimestampFromUnixNs(receivedNs);
    departures.remember(request, {
      receiveTimestamp,
      departedTimestamp: ntpTimestampFromUnixNs(receivedNs + HELD_NS),
    });
    const response = encodeNtpPacket({
      leap: 0,
      version: 4,
      mode: 4,
      stratum: 2,
      pollLog2: 0,
      precisionLog2: -24,
      rootDelay: 0,
      rootDispersion: 0,
      referenceId: 0xc0_00_02_09,
      referenceTimestamp: ntpTimestampFromUnixNs(START_NS),
      originTimestamp: requestNonce(request),
      receiveTimestamp,
      transmitTimestamp: ntpTimestampFromUnixNs(receivedNs + HELD_NS - EARLY_NS),
      extensionFields: [],
      mac: undefined,
      ...interleaved,
    });
    const t4Ns = t1Ns + 2n * LEG_NS + HELD_NS;
    session.judge({
      request,
      t1: { atNs: t1Ns, source: "kernel" },
      response,
      t4: { atNs: t4Ns, source: "kernel" },
      sourceAddress: undefined,
      sourcePort: undefined,
      destinationAddress: "192.0.2.1",
      destinationPort: 123,
      clockStepNs: undefined,
    });
    return create(monitorV2.NTPPacketSchema, {
      request,
      data: response,
      t1: at(t1Ns),
      t4: at(t4Ns),
      t1Source: monitorV2.TimestampSource.KERNEL,
      t4Source: monitorV2.TimestampSource.KERNEL,
      destinationIpBytes: Uint8Array.of(192, 0, 2, 1),
      destinationPort: 123,
      mode:
        interleaved === undefined
          ? monitorV2.ExchangeMode.BASIC
          : monitorV2.ExchangeMode.INTERLEAVED,
      ...(interleaved === undefined ? {} : { timedExchangeIndex: Number(index) - 1 }),
    });
  });
}

function at(ns: bigint): { seconds: bigint; nanos: number } {
  return { seconds: ns / 1_000_000_000n, nanos: Number(ns % 1_000_000_000n) };
}
