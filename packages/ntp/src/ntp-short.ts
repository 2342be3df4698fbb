// The short format of root delay and root dispersion: 16 bits of seconds, 16 bits of fraction. RFC 5905, section 6.

/** An unsigned 32-bit number of 2^-16 s (15.3 µs); at most just below 65,536 s. */
export type NtpShort = number;

const NTP_SHORT_MAX = 0xffff_ffff;
const NS_PER_SECOND = 1_000_000_000n;
const FRACTION_BITS = 16n;

/** Nanoseconds, to the nearest. */
export function nsFromNtpShort(short: NtpShort): bigint {
  return (BigInt(short) * NS_PER_SECOND + (1n << (FRACTION_BITS - 1n))) >> FRACTION_BITS;
}

/** Rounded up, because both fields bound an error; negative values become 0, too large ones the greatest there is. */
export function ntpShortFromNs(valueNs: bigint): NtpShort {
  if (valueNs <= 0n) return 0;
  const units = ((valueNs << FRACTION_BITS) + NS_PER_SECOND - 1n) / NS_PER_SECOND;
  return units > BigInt(NTP_SHORT_MAX) ? NTP_SHORT_MAX : Number(units);
}
