// A server that knows interleaved mode, and the agent's side of an exchange with it, for tests: clocks that are known
// exactly, the server's reading before the sending as wrong as the test wants. RFC 9769, section 2.

import type { UnixNs } from "@truechimer/base";
import { requestNonce } from "./client-request.ts";
import { createDepartureMemory } from "./departure-memory.ts";
import { encodeNtpPacket, type NtpPacket } from "./ntp-packet.ts";
import { ntpTimestampFromUnixNs } from "./ntp-timestamp.ts";
import { referenceIdFromText } from "./reference-id.ts";
import type { Exchange } from "./sample.ts";

/** What one exchange meets, nanoseconds of true time. */
export interface Passage {
  readonly thereNs: bigint;
  readonly heldNs: bigint;
  readonly backNs: bigint;
  /** From the server's reading of T3 in the packet to the actual departure, within `heldNs`. */
  readonly lateNs: bigint;
}

export interface InterleavedPeer {
  /** Answers a request that left at `sentAtNs` of the agent's clock. */
  exchange(request: Uint8Array, sentAtNs: UnixNs, passage: Passage): Exchange;
  /** The same without an answer: `isRequestLost` or else the answer is. */
  loss(request: Uint8Array, sentAtNs: UnixNs, isRequestLost: boolean): Exchange;
}

export interface PeerOptions {
  /** Server's clock minus agent's clock. */
  readonly offsetNs: bigint;
  /** False: it answers in basic mode whatever is asked. */
  readonly knowsInterleaved: boolean;
  /** Distorts every answer. */
  readonly changes?: Partial<NtpPacket>;
}

const LOST: Passage = { thereNs: 1_000n, heldNs: 1_000n, backNs: 1_000n, lateNs: 0n };

export function createInterleavedPeer(options: PeerOptions): InterleavedPeer {
  const memory = createDepartureMemory();
  const answer = (request: Uint8Array, arrivedNs: UnixNs, passage: Passage): Uint8Array => {
    const interleaved = options.knowsInterleaved ? memory.take(request) : undefined;
    const departsNs = arrivedNs + passage.heldNs;
    const receiveTimestamp = ntpTimestampFromUnixNs(arrivedNs);
    const departedTimestamp = ntpTimestampFromUnixNs(departsNs);
    memory.remember(request, { receiveTimestamp, departedTimestamp });
    return encodeNtpPacket({
      leap: 0,
      version: 4,
      mode: 4,
      stratum: 1,
      pollLog2: 6,
      precisionLog2: -24,
      rootDelay: 0,
      rootDispersion: 10,
      referenceId: referenceIdFromText("GPS"),
      referenceTimestamp: 1n,
      originTimestamp: requestNonce(request),
      receiveTimestamp,
      transmitTimestamp: ntpTimestampFromUnixNs(departsNs - passage.lateNs),
      extensionFields: [],
      mac: undefined,
      ...interleaved,
      ...options.changes,
    });
  };
  const unanswered = (request: Uint8Array, sentAtNs: UnixNs): Exchange => ({
    request,
    t1: { atNs: sentAtNs, source: "kernel" },
    response: undefined,
    t4: undefined,
    sourceAddress: "198.51.100.1",
    sourcePort: 50_123,
    destinationAddress: "192.0.2.1",
    destinationPort: 123,
    clockStepNs: undefined,
  });
  return {
    exchange: (request, sentAtNs, passage) => {
      const { thereNs, heldNs, backNs } = passage;
      return {
        ...unanswered(request, sentAtNs),
        response: answer(request, sentAtNs + thereNs + options.offsetNs, passage),
        t4: { atNs: sentAtNs + thereNs + heldNs + backNs, source: "kernel" },
      };
    },
    loss: (request, sentAtNs, isRequestLost) => {
      if (!isRequestLost) answer(request, sentAtNs + options.offsetNs, LOST);
      return unanswered(request, sentAtNs);
    },
  };
}
