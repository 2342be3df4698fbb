// The smallest NTP client there is: whether a server answers at all.

import { createSocket } from "node:dgram";
import type { IpAddress } from "@truechimer/base";

const CLIENT_VERSION_4 = 0x23;
const HEADER_BYTES = 48;
const LEAP_UNKNOWN = 3;

/** Resolves to whether a synchronised answer came within `timeoutMs`. */
export function answersTime(address: IpAddress, port: number, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket(address.family === "v4" ? "udp4" : "udp6");
    const finish = (answered: boolean): void => {
      clearTimeout(timer);
      socket.close();
      resolve(answered);
    };
    const timer = setTimeout(() => finish(false), timeoutMs);
    const request = new Uint8Array(HEADER_BYTES);
    request[0] = CLIENT_VERSION_4;
    request[HEADER_BYTES - 1] = 1;
    socket.once("error", () => finish(false));
    socket.once("message", (bytes) => {
      finish(bytes.length >= HEADER_BYTES && (bytes[0] ?? 0xff) >> 6 !== LEAP_UNKNOWN);
    });
    socket.send(request, port, address.text);
  });
}

/** A UDP port that was free on all of `addresses` a moment ago. */
export async function freePort(addresses: readonly IpAddress[]): Promise<number> {
  const [first, ...others] = addresses;
  if (first === undefined) throw new Error("assertion failed: there is an address");
  for (;;) {
    const port = await tryPort(first, 0);
    const free = await Promise.all(others.map((address) => tryPort(address, port)));
    if (port !== 0 && free.every((bound) => bound === port)) return port;
  }
}

/** The port that could be bound; 0 when it could not. */
function tryPort(address: IpAddress, port: number): Promise<number> {
  return new Promise((resolve) => {
    const socket = createSocket(address.family === "v4" ? "udp4" : "udp6");
    socket.once("error", () => resolve(0));
    socket.bind({ address: address.text, port, exclusive: true }, () => {
      const bound = socket.address().port;
      socket.close(() => resolve(bound));
    });
  });
}
