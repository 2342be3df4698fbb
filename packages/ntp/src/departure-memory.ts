// What a server that knows interleaved mode remembers: when each of its answers really left, by the receive time stamp
// that the answer gave. A client names that stamp in its next request, from whatever port. RFC 9769, section 2.
//
// Only answers to clients that ask for the mode are remembered, each is told once, and the oldest is forgotten first, so
// that a flood of requests costs a bounded memory and nothing else.

import { interleavedWish } from "./client-request.ts";
import type { NtpTimestamp } from "./ntp-timestamp.ts";

/** Answers that are remembered. chronyd remembers as many for about a hundred clients. */
const REMEMBERED_MAX = 4_096;

/** The server's side of interleaved mode, for servers of labs and simulations. */
export interface DepartureMemory {
  /** What the answer to this request must say in interleaved mode. Absent: it must be a basic one. */
  take(request: Uint8Array): InterleavedAnswer | undefined;
  /** The answer to `request` that gave `receiveTimestamp` has left. */
  remember(
    request: Uint8Array,
    stamps: { readonly receiveTimestamp: NtpTimestamp; readonly departedTimestamp: NtpTimestamp },
  ): void;
}

/** What is other than in a basic answer. */
export interface InterleavedAnswer {
  readonly originTimestamp: NtpTimestamp;
  readonly transmitTimestamp: NtpTimestamp;
}

/** `rememberedMax`: for tests. */
export function createDepartureMemory(rememberedMax: number = REMEMBERED_MAX): DepartureMemory {
  const departures = new Map<NtpTimestamp, NtpTimestamp>();
  return {
    take: (request) => {
      const wish = interleavedWish(request);
      const departed = wish && departures.get(wish.earlierReceiveTimestamp);
      if (wish === undefined || departed === undefined) return undefined;
      departures.delete(wish.earlierReceiveTimestamp);
      return { originTimestamp: wish.nonce, transmitTimestamp: departed };
    },
    remember: (request, { receiveTimestamp, departedTimestamp }) => {
      if (interleavedWish(request) === undefined) return;
      // Two answers with one receive time stamp could not be told apart: then neither counts.
      if (departures.delete(receiveTimestamp)) return;
      departures.set(receiveTimestamp, departedTimestamp);
      if (departures.size <= rememberedMax) return;
      for (const oldest of departures.keys()) {
        departures.delete(oldest);
        return;
      }
    },
  };
}
