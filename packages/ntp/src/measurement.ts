// From four time stamps to an offset, a delay, and the bound within which the true offset lies. RFC 5905, section 8.
//
// With T1 and T4 by the agent's clock and T2 and T3 by the server's: offset = ((T2 − T1) + (T3 − T4)) / 2 and
// delay = (T4 − T1) − (T3 − T2). If the way there took all of the delay, or none of it, the offset is wrong by
// delay / 2, and never by more; to that comes what the clocks could not resolve, what the agent's clock gained or lost
// meanwhile, and what its stamps may be off. A stamp taken too early at T1 or too late at T4 lengthens the delay by as
// much, so that `path` covers it; `stamps` is for the errors of the other sign.
//
// In interleaved mode the same four are of an exchange before, whose T3 came with a later answer. RFC 9769, section 2.

import {
  type NtpTimestamp,
  nsFromNtpUnits,
  ntpTimestampDifference,
  unixNsFromNtpTimestamp,
} from "./ntp-timestamp.ts";
import type { BoundPart, Measurement, Stamp, TimestampSource } from "./sample.ts";

/** PHI: how far a clock that nobody disciplines may drift, 15 µs a second. RFC 5905, section 7.2. */
const DRIFT_PARTS_PER_MILLION = 15n;

/** How far a stamp may stand on the wrong side of the event: T1 after the departure, T4 before the arrival. */
const STAMP_ERROR_NS: Readonly<Record<TimestampSource, bigint>> = {
  // Software stamps of the kernel are taken in the driver's path; a microsecond covers the hand-over to the device.
  kernel: 1_000n,
  // Around the system call, from a wall clock that is read through the run-time and may be slewed meanwhile.
  user_space: 50_000n,
};

/** The smallest step of the agent's clock as it is read for a stamp. */
const AGENT_PRECISION_NS: Readonly<Record<TimestampSource, bigint>> = {
  kernel: 1n,
  user_space: 1_000n,
};

/**
 * No clock in use ticks slower than 64 times a second. A coarser precision is counted as this one, because the server
 * chooses the field, and could otherwise hide any offset behind a bound of its own making.
 */
const SERVER_PRECISION_LOG2_MAX = -6;

const NS_PER_SECOND = 1_000_000_000n;
const SERVER_PRECISION_LOG2_MIN = -30;

/** The four time stamps of one exchange, and what is known of the clocks that they are of. */
export interface TimedAnswer {
  readonly t1: Stamp;
  /** T2. */
  readonly receiveTimestamp: NtpTimestamp;
  /** T3. */
  readonly transmitTimestamp: NtpTimestamp;
  readonly t4: Stamp;
  /** log2 of the seconds that the server's clock can tell apart. */
  readonly precisionLog2: number;
  /** By how much the agent's clock was stepped between T1 and T4; 0 when it ran on. */
  readonly clockStepNs: bigint;
}

/** What the stamps give before anything is judged or clamped. */
export interface AnswerTimes {
  readonly offsetNs: bigint;
  /** Negative when the server claims to have spent more time than passed. */
  readonly delayNs: bigint;
  /** All parts of the bound but `path`. */
  readonly clockParts: readonly BoundPart[];
}

/** RFC 5905, section 8. The era of the server's stamps is the one nearest to the agent's clock. */
export function answerTimes(answer: TimedAnswer): AnswerTimes {
  const { t1, receiveTimestamp, transmitTimestamp, t4 } = answer;
  const t2Ns = unixNsFromNtpTimestamp(receiveTimestamp, t1.atNs);
  const heldNs = nsFromNtpUnits(ntpTimestampDifference(transmitTimestamp, receiveTimestamp));
  const t3Ns = t2Ns + heldNs;
  const elapsedNs = t4.atNs - t1.atNs;
  return {
    offsetNs: (t2Ns - t1.atNs + (t3Ns - t4.atNs)) / 2n,
    delayNs: elapsedNs - heldNs,
    clockParts: clockParts(answer, elapsedNs),
  };
}

/** Offset, delay and bound, from times that are usable. */
export function measurementOf({ offsetNs, delayNs, clockParts: parts }: AnswerTimes): Measurement {
  const clampedDelayNs = delayNs < 0n ? 0n : delayNs;
  const path: BoundPart = { name: "path", valueNs: (clampedDelayNs + 1n) / 2n };
  const boundNs = path.valueNs + sumNs(parts);
  return { offsetNs, delayNs: clampedDelayNs, boundNs, boundParts: [path, ...parts] };
}

/**
 * How far below 0 a delay can come out although nobody lies: both clocks are read twice, each reading within its
 * precision, and the agent's clock may have drifted or been stepped.
 */
export function negativeDelayMaxNs({ clockParts: parts }: AnswerTimes): bigint {
  return 2n * sumNs(parts);
}

function clockParts(answer: TimedAnswer, elapsedNs: bigint): readonly BoundPart[] {
  const { precisionLog2, t1, t4, clockStepNs } = answer;
  const parts: readonly BoundPart[] = [
    { name: "server_precision", valueNs: serverPrecisionNs(precisionLog2) },
    { name: "agent_precision", valueNs: coarser(AGENT_PRECISION_NS, t1, t4) },
    { name: "drift", valueNs: driftNs(elapsedNs) },
    { name: "stamps", valueNs: (STAMP_ERROR_NS[t1.source] + STAMP_ERROR_NS[t4.source]) / 2n },
  ];
  if (clockStepNs === 0n) return parts;
  return [...parts, { name: "clock_step", valueNs: magnitude(clockStepNs) }];
}

/** 2^precision seconds, rounded up, within what a clock can have. */
function serverPrecisionNs(precisionLog2: number): bigint {
  const clamped = Math.min(
    Math.max(precisionLog2, SERVER_PRECISION_LOG2_MIN),
    SERVER_PRECISION_LOG2_MAX,
  );
  const divisor = 1n << BigInt(-clamped);
  return (NS_PER_SECOND + divisor - 1n) / divisor;
}

function driftNs(elapsedNs: bigint): bigint {
  if (elapsedNs <= 0n) return 0n;
  return (elapsedNs * DRIFT_PARTS_PER_MILLION + 999_999n) / 1_000_000n;
}

function coarser(table: Readonly<Record<TimestampSource, bigint>>, t1: Stamp, t4: Stamp): bigint {
  const [first, last] = [table[t1.source], table[t4.source]];
  return first > last ? first : last;
}

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}

function sumNs(parts: readonly BoundPart[]): bigint {
  return parts.reduce((sum, part) => sum + part.valueNs, 0n);
}
