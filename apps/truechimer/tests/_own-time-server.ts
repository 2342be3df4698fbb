// A time server on loopback whose clock can be made to lie.

import { createSocket } from "node:dgram";
import { once } from "node:events";
import { encodeNtpPacket, ntpTimestampFromUnixNs, parseNtpHeader } from "@truechimer/ntp";

export interface OwnTimeServer extends AsyncDisposable {
  /** "127.0.0.1:40000" */
  readonly target: string;
  /** From now on its clock is so far ahead. */
  setAhead(aheadNs: bigint): void;
}

export async function startOwnTimeServer(): Promise<OwnTimeServer> {
  let ahead = 0n;
  const socket = createSocket("udp4");
  socket.on("message", (bytes, from) => {
    socket.send(ntpAnswer(bytes, ahead), from.port, from.address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return {
    target: `127.0.0.1:${socket.address().port}`,
    setAhead: (aheadNs) => {
      ahead = aheadNs;
    },
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        socket.close(resolve);
      }),
  };
}

/** What a server of stratum 2 answers whose clock is this host's and so far ahead. Nothing to what is no query. */
export function ntpAnswer(query: Uint8Array, aheadNs = 0n): Uint8Array {
  const header = parseNtpHeader(query);
  if (!header.ok) return new Uint8Array();
  const nowNs = BigInt(Math.round((performance.timeOrigin + performance.now()) * 1e6));
  const now = ntpTimestampFromUnixNs(nowNs + aheadNs);
  return encodeNtpPacket({
    leap: 0,
    version: 4,
    mode: 4,
    stratum: 2,
    pollLog2: 6,
    precisionLog2: -20,
    rootDelay: 100,
    rootDispersion: 100,
    referenceId: 0x7f000001,
    referenceTimestamp: now,
    originTimestamp: header.value.transmitTimestamp,
    receiveTimestamp: now,
    transmitTimestamp: now,
    extensionFields: [],
    mac: undefined,
  });
}
