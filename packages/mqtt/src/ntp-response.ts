// What a time server answered, as the NTP Pool's messages tell it: the JSON form of its agent's NTP library, with every
// length of time in integer nanoseconds and every instant in RFC 3339.

import type { UnixNs } from "@truechimer/base";
import { kissCode, nsFromNtpShort, type Sample, unixNsFromNtpTimestamp } from "@truechimer/ntp";
import type { ExactJson } from "./exact-json.ts";
import { instantText, parseInstant } from "./instant-text.ts";

/** Every member, under the name of what it is. */
export interface NtpResponse {
  /** Server's clock minus agent's clock. */
  readonly clockOffsetNs: bigint;
  /** T3. */
  readonly timeNs: UnixNs;
  readonly rttNs: bigint;
  readonly precisionNs: bigint;
  readonly version: number;
  readonly stratum: number;
  /** 32 bits, unsigned. */
  readonly referenceId: number;
  readonly referenceTimeNs: UnixNs;
  readonly rootDelayNs: bigint;
  readonly rootDispersionNs: bigint;
  readonly rootDistanceNs: bigint;
  readonly leap: number;
  /** By how much the answer's order of events is impossible; 0 when it is not. */
  readonly minErrorNs: bigint;
  /** Empty: none. */
  readonly kissCode: string;
  readonly pollNs: bigint;
}

const NS_PER_SECOND = 1_000_000_000n;
/** 2^40 s is beyond what a signed 64-bit number of nanoseconds holds; a server may claim 2^127. */
const LOG2_SECONDS_MAX = 33;

/** Absent: nothing came back that could be taken for an answer. */
export function ntpResponseOf({ packet, measurement, exchange }: Sample): NtpResponse | undefined {
  const { t1, t4 } = exchange;
  if (packet === undefined || t1 === undefined || t4 === undefined) return undefined;
  const t2Ns = unixNsFromNtpTimestamp(packet.receiveTimestamp, t1.atNs);
  const t3Ns = unixNsFromNtpTimestamp(packet.transmitTimestamp, t1.atNs);
  const delayNs = t4.atNs - t1.atNs - (t3Ns - t2Ns);
  const rttNs = measurement?.delayNs ?? (delayNs > 0n ? delayNs : 0n);
  const rootDelayNs = nsFromNtpShort(packet.rootDelay);
  const rootDispersionNs = nsFromNtpShort(packet.rootDispersion);
  return {
    clockOffsetNs: measurement?.offsetNs ?? (t2Ns - t1.atNs + (t3Ns - t4.atNs)) / 2n,
    timeNs: t3Ns,
    rttNs,
    precisionNs: powerOfTwoNs(packet.precisionLog2),
    version: packet.version,
    stratum: packet.stratum,
    referenceId: packet.referenceId,
    referenceTimeNs: unixNsFromNtpTimestamp(packet.referenceTimestamp, t1.atNs),
    rootDelayNs,
    rootDispersionNs,
    rootDistanceNs: (rttNs + rootDelayNs) / 2n + rootDispersionNs,
    leap: packet.leap,
    minErrorNs: greatest(t1.atNs - t2Ns, t3Ns - t4.atNs, 0n),
    kissCode: kissCode(packet) ?? "",
    pollNs: powerOfTwoNs(packet.pollLog2),
  };
}

/** Member for member. */
export function ntpResponseJson(response: NtpResponse): { readonly [key: string]: ExactJson } {
  return {
    ClockOffset: response.clockOffsetNs,
    Time: instantText(response.timeNs),
    RTT: response.rttNs,
    Precision: response.precisionNs,
    Version: response.version,
    Stratum: response.stratum,
    ReferenceID: response.referenceId,
    ReferenceTime: instantText(response.referenceTimeNs),
    RootDelay: response.rootDelayNs,
    RootDispersion: response.rootDispersionNs,
    RootDistance: response.rootDistanceNs,
    Leap: response.leap,
    MinError: response.minErrorNs,
    KissCode: response.kissCode,
    Poll: response.pollNs,
  };
}

/** A member that an older agent lacks (`Version`) is 0. Absent: a member that is there has no value of its kind. */
export function parseNtpResponse(members: {
  readonly [key: string]: ExactJson;
}): NtpResponse | undefined {
  let wellFormed = true;
  const ns = (key: string): bigint => {
    const value = members[key] ?? 0n;
    if (typeof value === "bigint" && value <= NS_MAX && value >= -NS_MAX) return value;
    wellFormed = false;
    return 0n;
  };
  const whole = (key: string, max: number): number => {
    const value = ns(key);
    if (value >= 0n && value <= BigInt(max)) return Number(value);
    wellFormed = false;
    return 0;
  };
  const instant = (key: string): UnixNs => {
    const value = members[key];
    const atNs = typeof value === "string" ? parseInstant(value) : undefined;
    if (atNs === undefined) wellFormed = false;
    return atNs ?? 0n;
  };
  const code = members["KissCode"] ?? "";
  const response: NtpResponse = {
    clockOffsetNs: ns("ClockOffset"),
    timeNs: instant("Time"),
    rttNs: ns("RTT"),
    precisionNs: ns("Precision"),
    version: whole("Version", 7),
    stratum: whole("Stratum", 255),
    referenceId: whole("ReferenceID", 0xffff_ffff),
    referenceTimeNs: instant("ReferenceTime"),
    rootDelayNs: ns("RootDelay"),
    rootDispersionNs: ns("RootDispersion"),
    rootDistanceNs: ns("RootDistance"),
    leap: whole("Leap", 3),
    minErrorNs: ns("MinError"),
    kissCode: typeof code === "string" && /^[\x21-\x7e]{0,4}$/.test(code) ? code : "",
    pollNs: ns("Poll"),
  };
  return wellFormed ? response : undefined;
}

const NS_MAX = 2n ** 63n - 1n;

function powerOfTwoNs(log2: number): bigint {
  const exponent = Math.min(log2, LOG2_SECONDS_MAX);
  return exponent >= 0 ? NS_PER_SECOND << BigInt(exponent) : NS_PER_SECOND >> BigInt(-exponent);
}

function greatest(...values: readonly bigint[]): bigint {
  return values.reduce((most, value) => (value > most ? value : most));
}
