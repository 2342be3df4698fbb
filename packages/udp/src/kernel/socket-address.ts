// struct sockaddr_in and sockaddr_in6.

import { AF_INET, AF_INET6 } from "./linux-constants.ts";

/** The larger of the two structures. */
export const SOCKADDR_BYTES_MAX = 28;
const SOCKADDR_IN_BYTES = 16;
const IPV4_BYTES = 4;
const IPV6_BYTES = 16;

/** An address and UDP port. */
export interface Endpoint {
  /** 4 or 16 bytes. */
  readonly address: Uint8Array;
  readonly port: number;
}

/** Writes the structure at `offset`; returns its length. */
export function encodeSocketAddress(view: DataView, offset: number, endpoint: Endpoint): number {
  const bytes = new Uint8Array(view.buffer, view.byteOffset);
  const isIpv4 = endpoint.address.length === IPV4_BYTES;
  const length = isIpv4 ? SOCKADDR_IN_BYTES : SOCKADDR_BYTES_MAX;
  bytes.fill(0, offset, offset + length);
  view.setUint16(offset, isIpv4 ? AF_INET : AF_INET6, true);
  view.setUint16(offset + 2, endpoint.port);
  bytes.set(endpoint.address, offset + (isIpv4 ? 4 : 8));
  return length;
}

/** Reads the structure at `offset`; the address is a view, valid as long as the memory is. */
export function decodeSocketAddress(view: DataView, offset: number): Endpoint | undefined {
  const family = view.getUint16(offset, true);
  const port = view.getUint16(offset + 2);
  const start = view.byteOffset + offset;
  if (family === AF_INET) {
    return { address: new Uint8Array(view.buffer, start + 4, IPV4_BYTES), port };
  }
  if (family === AF_INET6) {
    return { address: new Uint8Array(view.buffer, start + 8, IPV6_BYTES), port };
  }
  return undefined;
}
