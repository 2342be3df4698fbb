// What a simulated server does with one datagram, without sockets and clocks: nothing, or an answer with the moment to
// send it. T2 is the server's clock when the request arrived after its way there; T3 is its clock when the answer set
// out on its way back, so that a monitor of an honest server finds the true offset within half its round trip.
//
// An answer is never longer than its request, goes only to the sender of a valid client request, and only to loopback:
// the lab can neither amplify nor be made to talk to itself.
//
// It answers in interleaved mode those who ask. The departure that it tells is its reading at the sending, the same as in
// basic mode, as it has no better one. RFC 9769, section 2.

import { addressScope, parseIpAddress, type Random, type UnixNs } from "@truechimer/base";
import {
  type DepartureMemory,
  encodeNtpPacket,
  LEAP_NOT_SYNCHRONISED,
  type LeapIndicator,
  NTP_HEADER_BYTES,
  NTP_MODE,
  type NtpPacketHeader,
  type NtpTimestamp,
  ntpShortFromNs,
  ntpTimestampFromUnixNs,
  parseNtpHeader,
  referenceIdFromText,
} from "@truechimer/ntp";
import type { LabServerDefinition } from "./lab-catalogue.ts";
import { type LabFault, serverClockNs } from "./lab-fault.ts";
import type { PathDelays } from "./network-path.ts";

/** A datagram that came in, and what is needed to answer it. */
export interface RequestAtServer {
  readonly datagram: Uint8Array;
  /** When the datagram reached this host's socket, by the host's clock; the simulated way there comes on top. */
  readonly receivedAtNs: UnixNs;
  readonly sourceAddress: string;
  readonly definition: LabServerDefinition;
  /** When the lab was started. */
  readonly startedAtNs: UnixNs;
  /** This server's. */
  readonly departures: DepartureMemory;
  /** What this exchange meets on its way. */
  readonly delays: PathDelays;
  /** Decides losses. */
  readonly random: Random;
}

/** What to send, and when. */
export interface AnswerPlan {
  /** Not to be sent before; later is fine. By the host's clock. */
  readonly sendAtNs: UnixNs;
  /** The datagram, given the instant at which it leaves this host. */
  readonly encodeSentAt: (sentAtNs: UnixNs) => Uint8Array;
}

/** Version 1 has no mode field; versions from 5 up differ in the layout. */
const VERSION_MIN = 2;
const VERSION_MAX = 4;
/** Longer datagrams are no NTP. RFC 7822 sets no limit; what fits an Ethernet frame is plenty. */
const REQUEST_BYTES_MAX = 1_472;
/** 2^-20 s, about a microsecond: what the stamps below can tell apart, generously. */
const PRECISION_LOG2 = -20;
const POLL_LOG2_MIN = 4;
/** How often the simulated servers set their clocks. */
const CLOCK_SET_INTERVAL_NS = 64_000_000_000n;
const ROOT_DELAY_NS_PER_STRATUM = 2_000_000n;
const ROOT_DISPERSION_NS_PER_STRATUM = 300_000n;
const TIMESTAMP_UNKNOWN: NtpTimestamp = 0n;
const LEAP_NONE: LeapIndicator = 0;
const STRATUM_NOT_SYNCHRONISED = 16;
const STRATUM_KISS = 0;

/** Absent: silence. */
export function planAnswer(request: RequestAtServer): AnswerPlan | undefined {
  const header = validRequestHeader(request);
  if (header === undefined || losesRequest(request.definition.fault, request.random)) return;
  const { datagram, receivedAtNs, delays, definition, startedAtNs, departures } = request;
  const clock = (atNs: UnixNs): UnixNs =>
    serverClockNs({ fault: definition.fault, atNs, startedAtNs });
  const arrivedNs = clock(receivedAtNs + delays.forwardNs);
  const honest = honestAnswer(header, definition, arrivedNs);
  const { receiveTimestamp } = honest;
  return {
    sendAtNs: receivedAtNs + delays.forwardNs + delays.returnNs,
    encodeSentAt: (sentAtNs) => {
      const departedTimestamp = ntpTimestampFromUnixNs(clock(sentAtNs - delays.returnNs));
      const interleaved = departures.take(datagram);
      departures.remember(datagram, { receiveTimestamp, departedTimestamp });
      return encodeNtpPacket({
        ...withFault(definition.fault, {
          ...honest,
          transmitTimestamp: departedTimestamp,
          ...interleaved,
        }),
        extensionFields: [],
        mac: undefined,
      });
    },
  };
}

/** Absent: no request that a server answers. */
function validRequestHeader(request: RequestAtServer): NtpPacketHeader | undefined {
  const { datagram, sourceAddress } = request;
  if (datagram.length < NTP_HEADER_BYTES || datagram.length > REQUEST_BYTES_MAX) return;
  const source = parseIpAddress(sourceAddress);
  if (!source.ok || addressScope(source.value) !== "loopback") return;
  const header = parseNtpHeader(datagram);
  if (!header.ok || header.value.mode !== NTP_MODE.client) return;
  const { version } = header.value;
  return version >= VERSION_MIN && version <= VERSION_MAX ? header.value : undefined;
}

function losesRequest(fault: LabFault, random: Random): boolean {
  if (fault.kind === "silent") return true;
  return fault.kind === "loss" && random.fraction() < fault.lossFraction;
}

function honestAnswer(
  request: NtpPacketHeader,
  definition: LabServerDefinition,
  arrivedNs: UnixNs,
): Omit<NtpPacketHeader, "transmitTimestamp"> {
  const hops = BigInt(definition.stratum - 1);
  return {
    leap: LEAP_NONE,
    version: request.version,
    mode: NTP_MODE.server,
    stratum: definition.stratum,
    pollLog2: Math.max(request.pollLog2, POLL_LOG2_MIN),
    precisionLog2: PRECISION_LOG2,
    rootDelay: ntpShortFromNs(hops * ROOT_DELAY_NS_PER_STRATUM),
    rootDispersion: ntpShortFromNs((hops + 1n) * ROOT_DISPERSION_NS_PER_STRATUM),
    referenceId: referenceIdOf(definition),
    referenceTimestamp: ntpTimestampFromUnixNs(arrivedNs - (arrivedNs % CLOCK_SET_INTERVAL_NS)),
    originTimestamp: request.transmitTimestamp,
    receiveTimestamp: ntpTimestampFromUnixNs(arrivedNs),
  };
}

/** What the fault makes of an honest answer. Wrong clocks and lost requests are dealt with elsewhere. */
function withFault(fault: LabFault, honest: NtpPacketHeader): NtpPacketHeader {
  const unset = { leap: LEAP_NOT_SYNCHRONISED, referenceTimestamp: TIMESTAMP_UNKNOWN } as const;
  switch (fault.kind) {
    case "kiss":
      return {
        ...honest,
        ...unset,
        stratum: STRATUM_KISS,
        referenceId: referenceIdFromText(fault.code),
      };
    case "unsynchronised-stratum":
      return { ...honest, ...unset, stratum: STRATUM_NOT_SYNCHRONISED };
    case "unsynchronised-leap":
      return { ...honest, ...unset };
    case "wrong-origin":
      return { ...honest, originTimestamp: BigInt.asUintN(64, ~honest.originTimestamp) };
    default:
      return honest;
  }
}

function referenceIdOf({ stratum, referenceId }: LabServerDefinition): number {
  if (stratum <= 1) return referenceIdFromText(referenceId);
  const address = parseIpAddress(referenceId);
  if (!address.ok) return 0;
  return new DataView(address.value.bytes.buffer).getUint32(0);
}
