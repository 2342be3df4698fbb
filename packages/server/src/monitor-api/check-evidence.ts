// The raw exchanges of a check between the wire, the database and the judge.

import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { Duration, Timestamp } from "@bufbuild/protobuf/wkt";
import { monitorV2 } from "@truechimer/api";
import { ipAddressFromBytes } from "@truechimer/base";
import {
  type Exchange,
  isNoResponse,
  judgeExchanges,
  SAMPLE_REASONS,
  type Sample,
  type SampleReason,
  type Stamp,
} from "@truechimer/ntp";

/** A check has 3 samples; more than this is no check. */
const EXCHANGES_MAX = 16;
/** A datagram with extension fields stays within an Ethernet frame. */
const DATAGRAM_BYTES_MAX = 1_500;
const REASON_CHARACTERS_MAX = 64;

const PORT_MAX = 65_535;
const NANOS_PER_SECOND = 1_000_000_000;
/** Lengths of an address that an agent may not know, of IPv4, of IPv6. */
const ADDRESS_BYTES: ReadonlySet<number> = new Set([0, 4, 16]);
/** 1970 to 2191: a server's stamp is at most 68 years (half an NTP era) after it, and still fits 63 bits of nanoseconds. */
const STAMP_SECONDS_MAX = 7_000_000_000n;
/** No step of a clock is longer than half an NTP era. */
const CLOCK_STEP_SECONDS_MAX = 2n ** 31n;

/** Why the evidence of a status cannot be stored. Absent: it can. */
export function evidenceProblem(
  { responses, selectedResponse }: Evidence,
  selectedIndex: number,
): string | undefined {
  if (responses.length > EXCHANGES_MAX) {
    return `${responses.length} exchanges: a check has at most ${EXCHANGES_MAX}`;
  }
  for (const packet of responses) {
    const problem = packetProblem(packet);
    if (problem !== undefined) return problem;
  }
  if (selectedResponse === undefined) return undefined;
  if (responses.length === 0) return packetProblem(selectedResponse);
  return selectedIndex < 0 ? "the selected exchange is none of the exchanges" : undefined;
}

function packetProblem(packet: monitorV2.NTPPacket): string | undefined {
  if (packet.data.length > DATAGRAM_BYTES_MAX || packet.request.length > DATAGRAM_BYTES_MAX) {
    return `a datagram of the evidence is longer than ${DATAGRAM_BYTES_MAX} bytes`;
  }
  if (packet.reason.length > REASON_CHARACTERS_MAX) return "a reason in the evidence is no code";
  for (const { length } of [packet.sourceIpBytes, packet.destinationIpBytes]) {
    if (!ADDRESS_BYTES.has(length)) return `an address of the evidence has ${length} bytes`;
  }
  for (const port of [packet.sourcePort, packet.destinationPort]) {
    if (port < 0 || port > PORT_MAX) return `${port} in the evidence is no UDP port`;
  }
  for (const stamp of [packet.t1, packet.t4]) {
    if (stamp !== undefined && !isStamp(stamp))
      return "a time stamp of the evidence is out of range";
  }
  const { clockStep } = packet;
  if (clockStep !== undefined && !isClockStep(clockStep)) {
    return "the clock step in the evidence is out of range";
  }
  return undefined;
}

function isStamp({ seconds, nanos }: Timestamp): boolean {
  return seconds >= 0n && seconds <= STAMP_SECONDS_MAX && nanos >= 0 && nanos < NANOS_PER_SECOND;
}

function isClockStep({ seconds, nanos }: Duration): boolean {
  return (
    seconds <= CLOCK_STEP_SECONDS_MAX &&
    seconds >= -CLOCK_STEP_SECONDS_MAX &&
    Math.abs(nanos) < NANOS_PER_SECOND
  );
}

/** What came with a status: the exchanges of its check, and the one that its outcome was taken from. */
export type Evidence = Pick<monitorV2.ServerStatus, "selectedResponse" | "responses">;

/**
 * Position of the selected exchange among those that are kept: the others or, where only it came, itself alone. -1: none
 * was selected, or one that is none of the others.
 */
export function selectedIndexOf({ responses, selectedResponse }: Evidence): number {
  if (selectedResponse === undefined) return -1;
  if (responses.length === 0) return 0;
  return responses.findIndex((each) => sameExchange(each, selectedResponse));
}

/** As `equals` of the message says, for a tenth of its cost. */
export function sameExchange(one: monitorV2.NTPPacket, other: monitorV2.NTPPacket): boolean {
  return (
    sameOctets(one.data, other.data) &&
    sameOctets(one.request, other.request) &&
    sameInstant(one.t1, other.t1) &&
    sameInstant(one.t4, other.t4) &&
    one.t1Source === other.t1Source &&
    one.t4Source === other.t4Source &&
    one.reason === other.reason &&
    one.mode === other.mode &&
    one.timedExchangeIndex === other.timedExchangeIndex &&
    one.sourcePort === other.sourcePort &&
    one.destinationPort === other.destinationPort &&
    sameOctets(one.sourceIpBytes, other.sourceIpBytes) &&
    sameOctets(one.destinationIpBytes, other.destinationIpBytes) &&
    sameInstant(one.clockStep, other.clockStep)
  );
}

function sameInstant(
  one: Timestamp | Duration | undefined,
  other: Timestamp | Duration | undefined,
): boolean {
  if (one === undefined || other === undefined) return one === other;
  return one.seconds === other.seconds && one.nanos === other.nanos;
}

function sameOctets(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}

export interface StoredEvidence {
  readonly bytes: Uint8Array;
  readonly sent: number;
  readonly answered: number;
}

/**
 * What is kept of a status. Absent: it came without exchanges.
 *
 * @param cameAs its `responses` in the bytes that they came in, where these are at hand: they are kept as they are.
 */
export function evidenceOf(
  { responses, selectedResponse }: Evidence,
  selectedIndex: number,
  cameAs?: readonly Uint8Array[],
): StoredEvidence | undefined {
  const exchanges = responses.length > 0 ? responses : selectedResponse ? [selectedResponse] : [];
  if (exchanges.length === 0) return undefined;
  const isAsItCame =
    responses.length > 0 &&
    cameAs?.length === responses.length &&
    cameAs.every(({ length }) => length > 0 && length <= EXCHANGE_BYTES_MAX);
  const bytes = isAsItCame
    ? joined(cameAs, selectedIndex)
    : toBinary(
        monitorV2.CheckEvidenceSchema,
        create(monitorV2.CheckEvidenceSchema, {
          exchanges,
          ...(selectedIndex < 0 ? {} : { selectedIndex }),
        }),
      );
  return {
    bytes,
    sent: exchanges.length,
    answered: exchanges.filter((each) => each.data.length > 0).length,
  };
}

/** Its two datagrams and what is beside them. What is longer has something in it that we do not know, and would keep. */
const EXCHANGE_BYTES_MAX = 4_096;
/** Of the fields of CheckEvidence, with their wire types. */
const EXCHANGES_TAG = 0x0a;
const SELECTED_INDEX_TAG = 0x10;
/** A length of up to 16,383 in two bytes, although one may do: readers take both. */
const LENGTH_BYTES = 2;
const SEVEN_BITS = 0x7f;
const MORE = 0x80;

/** A CheckEvidence of exchanges that are encoded already. Protocol Buffers, "Encoding". */
function joined(exchanges: readonly Uint8Array[], selectedIndex: number): Uint8Array {
  let length = selectedIndex < 0 ? 0 : 2;
  for (const exchange of exchanges) length += 1 + LENGTH_BYTES + exchange.length;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const exchange of exchanges) {
    bytes[at] = EXCHANGES_TAG;
    bytes[at + 1] = (exchange.length & SEVEN_BITS) | MORE;
    bytes[at + 2] = exchange.length >>> 7;
    bytes.set(exchange, at + 1 + LENGTH_BYTES);
    at += 1 + LENGTH_BYTES + exchange.length;
  }
  if (selectedIndex >= 0) {
    bytes[at] = SELECTED_INDEX_TAG;
    bytes[at + 1] = selectedIndex;
  }
  return bytes;
}

export function decodeEvidence(bytes: Uint8Array): monitorV2.CheckEvidence {
  return fromBinary(monitorV2.CheckEvidenceSchema, bytes);
}

/** The exchanges of a check judged anew, by nothing but their evidence; in the order of sending. */
export function judgePackets(packets: readonly monitorV2.NTPPacket[]): readonly Sample[] {
  return judgeExchanges(packets.map(exchangeOf), (index) =>
    silenceReason(packets[index]?.reason ?? ""),
  );
}

const KNOWN_REASONS: ReadonlySet<string> = new Set(SAMPLE_REASONS);

/** Why nothing came back, which the bytes cannot tell; the agent did. What only an answer can say does not count. */
function silenceReason(reason: string): SampleReason {
  return KNOWN_REASONS.has(reason) && isNoResponse(reason) ? (reason as SampleReason) : "timeout";
}

/** As the judge takes it: nothing is derived. */
function exchangeOf(packet: monitorV2.NTPPacket): Exchange {
  return {
    request: packet.request,
    t1: stampOf(packet.t1, packet.t1Source),
    response: packet.data.length === 0 ? undefined : packet.data,
    t4: stampOf(packet.t4, packet.t4Source),
    sourceAddress: addressText(packet.sourceIpBytes),
    sourcePort: packet.sourcePort === 0 ? undefined : packet.sourcePort,
    destinationAddress: addressText(packet.destinationIpBytes) ?? "",
    destinationPort: packet.destinationPort === 0 ? 123 : packet.destinationPort,
    clockStepNs:
      packet.clockStep === undefined
        ? undefined
        : packet.clockStep.seconds * 1_000_000_000n + BigInt(packet.clockStep.nanos),
  };
}

function stampOf(at: Timestamp | undefined, source: monitorV2.TimestampSource): Stamp | undefined {
  if (at === undefined) return undefined;
  return {
    atNs: at.seconds * 1_000_000_000n + BigInt(at.nanos),
    source: source === monitorV2.TimestampSource.KERNEL ? "kernel" : "user_space",
  };
}

function addressText(bytes: Uint8Array): string | undefined {
  const address = ipAddressFromBytes(bytes);
  return address.ok ? address.value.text : undefined;
}
