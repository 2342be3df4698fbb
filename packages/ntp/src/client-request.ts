// The request of a client. Nothing in it tells who we are or what our clock says: the transmit time stamp is a nonce,
// and every other field is 0 or the same for all clients.

import type { Random } from "@truechimer/base";
import { NTP_HEADER_BYTES, NTP_MODE, NTP_VERSION } from "./ntp-packet.ts";
import type { NtpTimestamp } from "./ntp-timestamp.ts";

export interface ClientRequest {
  readonly bytes: Uint8Array;
  /** 64 unpredictable bits in the place of the transmit time stamp; the answer must return them as its origin. */
  readonly nonce: NtpTimestamp;
}

const TRANSMIT_OFFSET_BYTES = 40;
const NONCE_BYTES = 8;
/** log2 of the stated precision; a constant, so that it tells nothing. */
const PRECISION_LOG2 = 0x20;

/** A fresh request: 48 bytes, mode 3, version 4. RFC 5905, section 7.3. */
export function createClientRequest(random: Random): ClientRequest {
  const bytes = new Uint8Array(NTP_HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, (NTP_VERSION << 3) | NTP_MODE.client);
  view.setUint8(3, PRECISION_LOG2);
  bytes.set(random.bytes(NONCE_BYTES), TRANSMIT_OFFSET_BYTES);
  // A transmit time stamp of 0 reads as "unknown", and servers drop it.
  if (view.getBigUint64(TRANSMIT_OFFSET_BYTES) === 0n) view.setUint8(bytes.length - 1, 1);
  return { bytes, nonce: view.getBigUint64(TRANSMIT_OFFSET_BYTES) };
}

/** The nonce of a request as it was sent; 0 when it is shorter than a header. */
export function requestNonce(request: Uint8Array): NtpTimestamp {
  if (request.length < NTP_HEADER_BYTES) return 0n;
  const view = new DataView(request.buffer, request.byteOffset, request.byteLength);
  return view.getBigUint64(TRANSMIT_OFFSET_BYTES);
}
