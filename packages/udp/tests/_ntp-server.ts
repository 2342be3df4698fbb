// A time server on loopback whose answers a test writes.

import { createSocket } from "node:dgram";
import { once } from "node:events";
import { type IpAddress, parseIpAddress } from "@truechimer/base";
import {
  createDepartureMemory,
  encodeNtpPacket,
  ntpTimestampFromUnixNs,
  parseNtpHeader,
  parseNtpPacket,
} from "@truechimer/ntp";

export interface Query {
  readonly bytes: Uint8Array;
  readonly fromAddress: string;
  readonly fromPort: number;
  /** Sends `bytes` back from the port that was asked. */
  readonly reply: (bytes: Uint8Array) => void;
  /** The same from another port. */
  readonly replyFromElsewhere: (bytes: Uint8Array) => void;
}

export interface NtpServer extends AsyncDisposable {
  readonly address: IpAddress;
  readonly port: number;
  readonly queries: readonly Query[];
}

/** Answers every query as `onQuery` says. Default: honestly. */
export async function useNtpServer(
  onQuery: (query: Query) => void = (query) => query.reply(honestAnswer(query.bytes)),
  listenAddress: string = "127.0.0.1",
): Promise<NtpServer> {
  const address = parseIpAddress(listenAddress);
  if (!address.ok) throw new Error(address.error);
  const type = address.value.family === "v4" ? "udp4" : "udp6";
  const socket = createSocket({ type, recvBufferSize: 1 << 21 });
  const elsewhere = createSocket(type);
  const queries: Query[] = [];
  socket.on("message", (bytes, from) => {
    const query: Query = {
      bytes,
      fromAddress: from.address,
      fromPort: from.port,
      reply: (answer) => socket.send(answer, from.port, from.address),
      replyFromElsewhere: (answer) => elsewhere.send(answer, from.port, from.address),
    };
    queries.push(query);
    onQuery(query);
  });
  for (const each of [socket, elsewhere]) {
    each.bind(0, listenAddress);
    await once(each, "listening");
  }
  return {
    address: address.value,
    port: socket.address().port,
    queries,
    [Symbol.asyncDispose]: async () => {
      for (const each of [socket, elsewhere]) {
        each.close();
        await once(each, "close");
      }
    },
  };
}

/** What a synchronised server of stratum 2 with this host's clock says. */
export function honestAnswer(request: Uint8Array): Uint8Array {
  const now = ntpTimestampFromUnixNs(BigInt(Date.now()) * 1_000_000n);
  const asked = parseNtpHeader(request);
  if (!asked.ok) throw new Error("the request is no NTP packet");
  return encodeNtpPacket({
    leap: 0,
    version: 4,
    mode: 4,
    stratum: 2,
    pollLog2: 6,
    precisionLog2: -10,
    rootDelay: 0x100,
    rootDispersion: 0x100,
    referenceId: 0x7f7f0101,
    referenceTimestamp: now,
    originTimestamp: asked.value.transmitTimestamp,
    receiveTimestamp: now,
    transmitTimestamp: now,
    extensionFields: [],
    mac: undefined,
  });
}

/** The same with another origin time stamp than was sent. */
export function strangersAnswer(request: Uint8Array): Uint8Array {
  const answer = honestAnswer(request);
  answer[24] = (answer[24] ?? 0) ^ 0xff;
  return answer;
}

/** Honest answers, in interleaved mode to those who ask, one server's for its life. RFC 9769. */
export function interleavedAnswers(): (request: Uint8Array) => Uint8Array {
  const memory = createDepartureMemory();
  let count = 0n;
  return (request) => {
    const parsed = parseNtpPacket(honestAnswer(request));
    if (!parsed.ok) throw new Error(parsed.error);
    const interleaved = memory.take(request);
    // The clock of `Date` gives one stamp to many requests, and a server's must differ.
    count += 1n;
    const receiveTimestamp = parsed.value.receiveTimestamp + count;
    const departedTimestamp = receiveTimestamp + 1n;
    memory.remember(request, { receiveTimestamp, departedTimestamp });
    const basic = { receiveTimestamp, transmitTimestamp: departedTimestamp };
    return encodeNtpPacket({ ...parsed.value, ...basic, ...interleaved });
  };
}
