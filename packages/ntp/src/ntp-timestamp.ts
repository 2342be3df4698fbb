// NTP time stamps: seconds since the start of an era in 32 bits, their fraction in 32 more. The number alone does not
// say which era it belongs to (era 0 began in 1900, era 1 begins on 2036-02-07), so that every conversion to an
// absolute time takes a pivot: the era is chosen that puts the result within 68 years of it. RFC 5905, section 6.

import type { UnixNs } from "@truechimer/base";

/** An unsigned 64-bit number of 2^-32 s since the start of an unknown era. 0 means "unknown". RFC 5905, section 6. */
export type NtpTimestamp = bigint;

/** From the start of era 0 (1900-01-01) to the start of Unix time (1970-01-01). */
const ERA_0_TO_UNIX_NS = 2_208_988_800n * 1_000_000_000n;
const NS_PER_SECOND = 1_000_000_000n;
const FRACTION_BITS = 32n;
const TIMESTAMP_BITS = 64;

/** Nanoseconds of one era: 2^32 s, 136 years. */
export const NTP_ERA_NS: bigint = (1n << FRACTION_BITS) * NS_PER_SECOND;

/** The time stamp of an instant, to the nearest 2^-32 s. Never 0, which would read as "unknown". */
export function ntpTimestampFromUnixNs(atNs: UnixNs): NtpTimestamp {
  const timestamp = BigInt.asUintN(TIMESTAMP_BITS, ntpUnitsFromNs(atNs + ERA_0_TO_UNIX_NS));
  return timestamp === 0n ? 1n : timestamp;
}

/** The instant nearest to `pivotNs` that has this time stamp, to the nearest nanosecond. */
export function unixNsFromNtpTimestamp(timestamp: NtpTimestamp, pivotNs: UnixNs): UnixNs {
  const pivot = ntpTimestampFromUnixNs(pivotNs);
  const pivotUnits = ntpUnitsFromNs(pivotNs + ERA_0_TO_UNIX_NS);
  return nsFromNtpUnits(pivotUnits + ntpTimestampDifference(timestamp, pivot)) - ERA_0_TO_UNIX_NS;
}

/** The era of an instant: 0 from 1900, 1 from 2036-02-07 06:28:16 UTC; negative before 1900. */
export function ntpEra(atNs: UnixNs): bigint {
  return ntpUnitsFromNs(atNs + ERA_0_TO_UNIX_NS) >> BigInt(TIMESTAMP_BITS);
}

/** The signed difference `later - earlier` in units of 2^-32 s; right across an era's end. RFC 5905, section 6. */
export function ntpTimestampDifference(later: NtpTimestamp, earlier: NtpTimestamp): bigint {
  return BigInt.asIntN(TIMESTAMP_BITS, later - earlier);
}

/** Units of 2^-32 s as nanoseconds, to the nearest. */
export function nsFromNtpUnits(units: bigint): bigint {
  return (units * NS_PER_SECOND + (1n << (FRACTION_BITS - 1n))) >> FRACTION_BITS;
}

/** Nanoseconds as units of 2^-32 s, to the nearest. */
export function ntpUnitsFromNs(valueNs: bigint): bigint {
  return floorDivide((valueNs << FRACTION_BITS) + NS_PER_SECOND / 2n, NS_PER_SECOND);
}

/** BigInt division rounds towards 0; before 1900 that would be the wrong way. */
function floorDivide(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  return dividend % divisor < 0n ? quotient - 1n : quotient;
}
