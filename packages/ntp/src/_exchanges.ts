// Exchanges for tests: an agent and a server with clocks that are known exactly, so that the true offset is too.

import type { UnixNs } from "@truechimer/base";
import { createClientRequest } from "./client-request.ts";
import { encodeNtpPacket, NTP_MODE, type NtpPacket } from "./ntp-packet.ts";
import { ntpTimestampFromUnixNs } from "./ntp-timestamp.ts";
import { referenceIdFromText } from "./reference-id.ts";
import type { Exchange, TimestampSource } from "./sample.ts";

/** What happened, by the true time. Nanoseconds. */
export interface TrueExchange {
  readonly t1Ns: UnixNs;
  readonly thereNs: bigint;
  readonly heldNs: bigint;
  readonly backNs: bigint;
  /** Server's clock minus agent's clock. */
  readonly offsetNs: bigint;
  readonly source: TimestampSource;
}

export const TYPICAL_EXCHANGE: TrueExchange = {
  t1Ns: 1_767_225_600_000_000_000n,
  thereNs: 5_000_000n,
  heldNs: 20_000n,
  backNs: 5_000_000n,
  offsetNs: 1_000_000n,
  source: "kernel",
};

const GOOD_HEADER: Omit<NtpPacket, "originTimestamp" | "receiveTimestamp" | "transmitTimestamp"> = {
  leap: 0,
  version: 4,
  mode: NTP_MODE.server,
  stratum: 1,
  pollLog2: 6,
  precisionLog2: -24,
  rootDelay: 0,
  rootDispersion: 10,
  referenceId: referenceIdFromText("GPS"),
  referenceTimestamp: 1n,
  extensionFields: [],
  mac: undefined,
};

/** A fixed nonce, 0x0102030405060708. */
const REQUEST: Uint8Array = createClientRequest({
  bytes: (length) => Uint8Array.from({ length }, (_, index) => index + 1),
  fraction: () => 0,
}).bytes;

export const NONCE = 0x0102030405060708n;

/** The server's answer as the wire has it; `changes` distort it. */
export function answerBytes(truth: TrueExchange, changes: Partial<NtpPacket> = {}): Uint8Array {
  const t2Ns = truth.t1Ns + truth.thereNs + truth.offsetNs;
  return encodeNtpPacket({
    ...GOOD_HEADER,
    originTimestamp: NONCE,
    receiveTimestamp: ntpTimestampFromUnixNs(t2Ns),
    transmitTimestamp: ntpTimestampFromUnixNs(t2Ns + truth.heldNs),
    ...changes,
  });
}

export function exchangeOf(truth: TrueExchange, changes: Partial<NtpPacket> = {}): Exchange {
  const t4Ns = truth.t1Ns + truth.thereNs + truth.heldNs + truth.backNs;
  return {
    request: REQUEST,
    t1: { atNs: truth.t1Ns, source: truth.source },
    response: answerBytes(truth, changes),
    t4: { atNs: t4Ns, source: truth.source },
    sourceAddress: "198.51.100.1",
    sourcePort: 50_123,
    destinationAddress: "192.0.2.1",
    destinationPort: 123,
    clockStepNs: undefined,
  };
}

export function silentExchange(): Exchange {
  return { ...exchangeOf(TYPICAL_EXCHANGE), response: undefined, t4: undefined };
}
