// A time server on the virtual network. Its clock may be off or drift, and its answers may be changed in any field, so
// that every kind of liar can be built.

import type { Clock, UnixNs } from "@truechimer/base";
import {
  createDepartureMemory,
  encodeNtpPacket,
  NTP_MODE,
  NTP_VERSION,
  type NtpPacket,
  ntpTimestampFromUnixNs,
  parseNtpPacket,
  referenceIdFromText,
} from "@truechimer/ntp";
import type { Datagram, Endpoint, VirtualNetwork } from "./virtual-network.ts";

export interface VirtualServerOptions {
  readonly network: VirtualNetwork;
  readonly host: string;
  /** Its own clock; see `createHostClock`. */
  readonly clock: Clock;
  /** Between receiving and sending. Default 0.02 ms. */
  readonly processingMs?: number;
  /** Answers in interleaved mode those who ask. Default true. RFC 9769. */
  readonly knowsInterleaved?: boolean;
  /** Changes an answer before it is sent; undefined sends none. */
  readonly distort?: (answer: NtpPacket, request: NtpPacket) => NtpPacket | undefined;
}

export interface VirtualServer extends Disposable {
  /** Requests that it could read. */
  requests(): number;
}

/** Where time servers listen. RFC 5905, section 7.2. */
export const NTP_PORT = 123;

const PROCESSING_MS_DEFAULT = 0.02;

/** Starts to answer at once; disposing it gives its port back. */
export function createVirtualServer(options: VirtualServerOptions): VirtualServer {
  const { network, clock, distort = (answer) => answer, knowsInterleaved = true } = options;
  const memory = createDepartureMemory();
  const endpoint: Endpoint = { host: options.host, port: NTP_PORT };
  let requests = 0;

  const answer = (datagram: Datagram): void => {
    const request = parseNtpPacket(datagram.bytes);
    if (!request.ok || request.value.mode !== NTP_MODE.client) return;
    requests += 1;
    const receivedNs = clock.nowNs();
    clock.setTimer(options.processingMs ?? PROCESSING_MS_DEFAULT, () => {
      const basic = goodAnswer(request.value, receivedNs, clock.nowNs());
      const { receiveTimestamp, transmitTimestamp: departedTimestamp } = basic;
      const interleaved = knowsInterleaved ? memory.take(datagram.bytes) : undefined;
      memory.remember(datagram.bytes, { receiveTimestamp, departedTimestamp });
      const packet = distort({ ...basic, ...interleaved }, request.value);
      if (packet === undefined) return;
      network.send({ from: endpoint, to: datagram.from, bytes: encodeNtpPacket(packet) });
    });
  };

  const detach = network.attach(endpoint, answer);
  return { requests: () => requests, [Symbol.dispose]: detach };
}

const REFERENCE_AGE_NS = 16_000_000_000n;

/** What a stratum 1 server with a good clock says. */
function goodAnswer(request: NtpPacket, receivedNs: UnixNs, sentNs: UnixNs): NtpPacket {
  return {
    leap: 0,
    version: NTP_VERSION,
    mode: NTP_MODE.server,
    stratum: 1,
    pollLog2: 6,
    precisionLog2: -24,
    rootDelay: 0,
    rootDispersion: 10,
    referenceId: referenceIdFromText("GPS"),
    referenceTimestamp: ntpTimestampFromUnixNs(receivedNs - REFERENCE_AGE_NS),
    originTimestamp: request.transmitTimestamp,
    receiveTimestamp: ntpTimestampFromUnixNs(receivedNs),
    transmitTimestamp: ntpTimestampFromUnixNs(sentNs),
    extensionFields: [],
    mac: undefined,
  };
}
