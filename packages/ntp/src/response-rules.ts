// The ladder of rules that an answer climbs before it counts. The order is part of the contract: what does not carry
// our nonce is nobody's answer, whatever else it says, so that no stranger can make a server look bad; then come the
// fields that make it an NTP answer at all; then those with which a server says "do not use me"; then its stamps.
//
// Two limits are ours. A stratum above 10 is refused, as by the NTP Pool's agent (RFC 5905 allows up to 15). A root
// distance from 1.5 s is refused, as by the reference implementation (RFC 5905, appendix A.1.1, has 1 s); the NTP
// Pool's agent does not look at it.
//
// The ladder is the same in both modes. In interleaved mode the nonce is the request's other one, and the rules about
// time look at the stamps of the exchange that the answer completes (RFC 9769, section 2).

import { formatDurationNs } from "@truechimer/base";
import { interleavedWish, requestNonce } from "./client-request.ts";
import { type AnswerTimes, negativeDelayMaxNs, type TimedAnswer } from "./measurement.ts";
import {
  NTP_HEADER_BYTES,
  NTP_MODE,
  NTP_VERSION,
  type NtpPacketHeader,
  parseNtpHeader,
} from "./ntp-packet.ts";
import { nsFromNtpShort } from "./ntp-short.ts";
import { type NtpTimestamp, nsFromNtpUnits, ntpTimestampDifference } from "./ntp-timestamp.ts";
import { kissCode, referenceIdHex } from "./reference-id.ts";
import type { Exchange, ExchangeMode } from "./sample.ts";
import type { SampleReason } from "./sample-reason.ts";

/** The greatest stratum that we take time from; the NTP Pool's limit. */
const STRATUM_MAX = 10;

/** Root delay / 2 + root dispersion from here on is refused. */
const ROOT_DISTANCE_LIMIT_NS = 1_500_000_000n;

/** Leap indicator of a clock that is not synchronised. RFC 5905, section 7.3. */
export const LEAP_NOT_SYNCHRONISED = 3;

/** Version 0 had no mode field. */
const VERSION_MIN = 1;

/** One rung, as people are told of it. */
export interface ResponseRule {
  /** The reason that a sample gets when the rule fails. */
  readonly code: SampleReason;
  /** What the rule demands. */
  readonly title: string;
  /** The document that it comes from, such as "RFC 5905, section 8". */
  readonly source: string;
}

/** A datagram of at least a header's length, with the stamps that it completes. */
export interface Answer extends TimedAnswer {
  readonly header: NtpPacketHeader;
  /** What the answer must return as its origin. */
  readonly nonces: Nonces;
  /** Whether the lengths of extension fields and MAC add up. */
  readonly tailIsSound: boolean;
  /** Without meaning unless `stampsAreUsable`. */
  readonly times: AnswerTimes;
}

/** What an answer may return as its origin: which one tells the mode. */
export interface Nonces {
  readonly basic: NtpTimestamp;
  /** Absent: the answer cannot be interleaved, or what it would complete is not known. */
  readonly interleaved: NtpTimestamp | undefined;
}

/** A rung that can be tried. */
export interface LadderRule<Input> extends ResponseRule {
  readonly passes: (input: Input) => boolean;
  /** What was seen against what was expected. */
  readonly text: (input: Input) => string;
}

/** Asked of the evidence before there is a header to look at. */
export const ARRIVAL_RULES: readonly LadderRule<Exchange>[] = [
  {
    code: "timeout",
    title: "An answer came in time",
    source: "RFC 5905, section 9.2",
    passes: hasTimedResponse,
    text: (exchange) => {
      if (hasTimedResponse(exchange)) return `${exchange.response?.length ?? 0} bytes came back`;
      if (exchange.response === undefined)
        return "no datagram that could be the answer came in time";
      return "a datagram came, but its sending or its arrival has no time stamp";
    },
  },
  {
    code: "truncated",
    title: "The answer has a whole header",
    source: "RFC 5905, section 7.3",
    passes: ({ response }) => response !== undefined && response.length >= NTP_HEADER_BYTES,
    text: ({ response }) => `${response?.length ?? 0} bytes, a header has ${NTP_HEADER_BYTES}`,
  },
];

/** Asked of an answer, in this order; the first that fails names the reason. */
export const ANSWER_RULES: readonly LadderRule<Answer>[] = [
  {
    code: "origin_mismatch",
    title: "The origin is our nonce",
    source: "RFC 5905, section 8",
    passes: ({ header, nonces }) => modeOfOrigin(header.originTimestamp, nonces) !== undefined,
    text: ({ header, nonces: { basic, interleaved } }) => {
      const other = interleaved === undefined ? "" : ` and ${hex64(interleaved)} (interleaved)`;
      return `origin ${hex64(header.originTimestamp)}, sent ${hex64(basic)}${other}`;
    },
  },
  {
    code: "bad_mode",
    title: "The mode is server (4)",
    source: "RFC 5905, section 7.3",
    passes: ({ header }) => header.mode === NTP_MODE.server,
    text: ({ header }) => `mode ${header.mode}`,
  },
  {
    code: "bad_version",
    title: "The version is one that exists",
    source: "RFC 5905, section 7.3",
    passes: ({ header }) => header.version >= VERSION_MIN && header.version <= NTP_VERSION,
    text: ({ header }) => `version ${header.version}, expected ${VERSION_MIN} to ${NTP_VERSION}`,
  },
  {
    code: "bad_extension",
    title: "What follows the header has sound lengths",
    source: "RFC 7822, section 3",
    passes: ({ tailIsSound }) => tailIsSound,
    text: ({ tailIsSound }) =>
      tailIsSound
        ? "extension fields and MAC add up to the datagram"
        : "lengths of extension fields and MAC do not add up to the datagram",
  },
  kissRule({
    code: "kiss_rate",
    kiss: "RATE",
    title: "The server does not say that we ask too often",
  }),
  kissRule({ code: "kiss_deny", kiss: "DENY", title: "The server does not deny us access" }),
  kissRule({ code: "kiss_rstr", kiss: "RSTR", title: "The server does not restrict our access" }),
  {
    code: "kiss_other",
    title: "The answer is no other kiss-o'-death",
    source: "RFC 5905, section 7.4",
    passes: ({ header }) => kissCode(header) === undefined,
    text: ({ header }) => kissText(header),
  },
  {
    code: "bad_stratum",
    title: `The stratum is 1 to ${STRATUM_MAX}`,
    source: "RFC 5905, section 7.3; upper limit of the NTP Pool",
    passes: ({ header }) => header.stratum >= 1 && header.stratum <= STRATUM_MAX,
    text: ({ header }) =>
      `stratum ${header.stratum}, reference id ${referenceIdHex(header.referenceId)}`,
  },
  {
    code: "not_synchronised",
    title: "The server says that its clock is synchronised",
    source: "RFC 5905, section 7.3",
    passes: ({ header }) => header.leap !== LEAP_NOT_SYNCHRONISED,
    text: ({ header }) => `leap indicator ${header.leap}`,
  },
  {
    code: "bad_root_distance",
    title: `The root distance is below ${formatDurationNs(ROOT_DISTANCE_LIMIT_NS)}`,
    source: "RFC 5905, section 11.2; limit of the reference implementation",
    passes: ({ header }) => rootDistanceNs(header) < ROOT_DISTANCE_LIMIT_NS,
    text: ({ header }) =>
      `root delay / 2 + root dispersion is ${formatDurationNs(rootDistanceNs(header))}`,
  },
  {
    code: "zero_transmit",
    title: "The server's time stamps are set",
    source: "RFC 5905, section 8",
    passes: ({ header }) => header.transmitTimestamp !== 0n && header.receiveTimestamp !== 0n,
    text: ({ header }) =>
      `T2 ${hex64(header.receiveTimestamp)}, T3 ${hex64(header.transmitTimestamp)}; 0 means unknown`,
  },
  {
    code: "receive_after_transmit",
    title: "The server sent after it received (T2 ≤ T3)",
    source: "RFC 5905, section 8",
    passes: (answer) => heldUnits(answer) >= 0n,
    text: (answer) => `T3 − T2 is ${formatDurationNs(nsFromNtpUnits(heldUnits(answer)))}`,
  },
  {
    code: "clock_stepped",
    title: "Our own clock ran on during the exchange",
    source: "RFC 5905, section 8: T1 and T4 are readings of one clock",
    passes: ({ clockStepNs }) => clockStepNs === 0n,
    text: ({ clockStepNs }) =>
      clockStepNs === 0n ? "no step" : `stepped by ${formatDurationNs(clockStepNs)}`,
  },
  {
    code: "negative_delay",
    title: "The server spent no more time than passed",
    source: "RFC 5905, section 8",
    passes: ({ times }) => times.delayNs >= -negativeDelayMaxNs(times),
    text: ({ times }) => `round trip delay is ${formatDurationNs(times.delayNs)}`,
  },
];

/** Root delay / 2 + root dispersion: how far the server may be from its reference clock. RFC 5905, section 11.2. */
function rootDistanceNs(header: Pick<NtpPacketHeader, "rootDelay" | "rootDispersion">): bigint {
  return nsFromNtpShort(header.rootDelay) / 2n + nsFromNtpShort(header.rootDispersion);
}

/** Absent: it answers another request than ours. A nonce of 0 is no nonce: any empty packet carries it. */
export function modeOfOrigin(
  origin: NtpTimestamp,
  { basic, interleaved }: Nonces,
): ExchangeMode | undefined {
  if (origin === 0n) return undefined;
  if (origin === basic) return "basic";
  return origin === interleaved ? "interleaved" : undefined;
}

/**
 * Whether a datagram claims to answer this request, in either mode; a fragment claims nothing. For those who look up an
 * exchange before they judge it.
 */
export function datagramAnswersRequest(bytes: Uint8Array, request: Uint8Array): boolean {
  const header = parseNtpHeader(bytes);
  if (!header.ok) return false;
  const nonces = { basic: requestNonce(request), interleaved: interleavedWish(request)?.nonce };
  return modeOfOrigin(header.value.originTimestamp, nonces) !== undefined;
}

/** Whether T2 and T3 can be computed with, whatever else the answer says. */
export function stampsAreUsable(answer: Answer): boolean {
  return STAMP_RULES.every((rule) => rule.passes(answer));
}

const STAMP_CODES: readonly SampleReason[] = [
  "zero_transmit",
  "receive_after_transmit",
  "negative_delay",
];
const STAMP_RULES = ANSWER_RULES.filter(({ code }) => STAMP_CODES.includes(code));

function hasTimedResponse({ response, t1, t4 }: Exchange): boolean {
  return response !== undefined && t1 !== undefined && t4 !== undefined;
}

function kissRule(rule: { code: SampleReason; kiss: string; title: string }): LadderRule<Answer> {
  return {
    code: rule.code,
    title: rule.title,
    source: "RFC 5905, section 7.4",
    passes: ({ header }) => kissCode(header) !== rule.kiss,
    text: ({ header }) => kissText(header),
  };
}

function kissText(header: NtpPacketHeader): string {
  const code = kissCode(header);
  return code === undefined ? `stratum ${header.stratum}, no kiss code` : `kiss code "${code}"`;
}

function heldUnits({ transmitTimestamp, receiveTimestamp }: Answer): bigint {
  return ntpTimestampDifference(transmitTimestamp, receiveTimestamp);
}

function hex64(value: NtpTimestamp): string {
  return `0x${value.toString(16).padStart(16, "0")}`;
}
