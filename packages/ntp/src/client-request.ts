// The requests of a client. Nothing in them tells who we are or what our clock says: the transmit time stamp is a nonce,
// in interleaved mode the receive time stamp is another, the origin is a value of the server's own, and every other field
// is 0 or the same for all clients.

import type { Random } from "@truechimer/base";
import { putTimestamp, viewOfHeader } from "./header-view.ts";
import { NTP_HEADER_BYTES, NTP_MODE, NTP_VERSION } from "./ntp-packet.ts";
import type { NtpTimestamp } from "./ntp-timestamp.ts";

export interface ClientRequest {
  readonly bytes: Uint8Array;
  /** 64 unpredictable bits in the place of the transmit time stamp; an answer in basic mode returns them as its origin. */
  readonly nonce: NtpTimestamp;
}

/** What a request asks for beside the basic answer. RFC 9769, section 2. */
export interface InterleavedWish {
  /** The receive time stamp of an earlier answer: the one whose actual departure we want to know. */
  readonly earlierReceiveTimestamp: NtpTimestamp;
  /** 64 unpredictable bits in the place of the receive time stamp; an answer in interleaved mode returns them. */
  readonly nonce: NtpTimestamp;
}

const ORIGIN_OFFSET_BYTES = 24;
const RECEIVE_OFFSET_BYTES = 32;
const TRANSMIT_OFFSET_BYTES = 40;
const NONCE_BYTES = 8;
/** log2 of the stated precision; a constant, so that it tells nothing. */
const PRECISION_LOG2 = 0x20;

/** A fresh request in basic mode: 48 bytes, mode 3, version 4. RFC 5905, section 7.3. */
export function createClientRequest(random: Random): ClientRequest {
  const bytes = new Uint8Array(NTP_HEADER_BYTES);
  bytes[0] = (NTP_VERSION << 3) | NTP_MODE.client;
  bytes[3] = PRECISION_LOG2;
  return { bytes, nonce: putNonce(bytes, random, TRANSMIT_OFFSET_BYTES) };
}

/**
 * A fresh request that a server may answer in interleaved mode: with the time at which its answer of
 * `earlierReceiveTimestamp` really left. A server that does not know the mode answers as to any other. RFC 9769, section 2.
 */
export function createInterleavedRequest(
  random: Random,
  earlierReceiveTimestamp: NtpTimestamp,
): ClientRequest {
  const request = createClientRequest(random);
  putTimestamp(request.bytes, ORIGIN_OFFSET_BYTES, earlierReceiveTimestamp);
  // Equal nonces would make the modes indistinguishable, and servers take such a request for basic.
  while (putNonce(request.bytes, random, RECEIVE_OFFSET_BYTES) === request.nonce);
  return request;
}

/** The nonce of a request as it was sent; 0 when it is shorter than a header. */
export function requestNonce(request: Uint8Array): NtpTimestamp {
  if (request.length < NTP_HEADER_BYTES) return 0n;
  return viewOfHeader(request).getBigUint64(TRANSMIT_OFFSET_BYTES);
}

/** Absent: the request can only be answered in basic mode. */
export function interleavedWish(request: Uint8Array): InterleavedWish | undefined {
  if (request.length < NTP_HEADER_BYTES) return undefined;
  const view = viewOfHeader(request);
  const earlierReceiveTimestamp = view.getBigUint64(ORIGIN_OFFSET_BYTES);
  const nonce = view.getBigUint64(RECEIVE_OFFSET_BYTES);
  const isAsked = earlierReceiveTimestamp !== 0n && nonce !== 0n;
  if (!isAsked || nonce === view.getBigUint64(TRANSMIT_OFFSET_BYTES)) return undefined;
  return { earlierReceiveTimestamp, nonce };
}

/** Never 0, which reads as "unknown": servers drop such a request. */
function putNonce(bytes: Uint8Array, random: Random, offset: number): NtpTimestamp {
  bytes.set(random.bytes(NONCE_BYTES), offset);
  const nonce = viewOfHeader(bytes).getBigUint64(offset);
  if (nonce !== 0n) return nonce;
  bytes[offset + NONCE_BYTES - 1] = 1;
  return 1n;
}
