// From the wire's types to those that pages calculate with.

import type { adminV1 } from "@truechimer/api";

interface WireTimestamp {
  readonly seconds: bigint;
  readonly nanos: number;
}

/** Milliseconds since 1970 of a protobuf Timestamp; undefined stays undefined. */
export function msOf(timestamp: WireTimestamp | undefined): number | undefined {
  return timestamp === undefined
    ? undefined
    : Number(timestamp.seconds) * 1_000 + timestamp.nanos / 1e6;
}

/** Nanoseconds of a protobuf Duration. */
export function nsOf(duration: WireTimestamp | undefined): bigint | undefined {
  return duration === undefined
    ? undefined
    : duration.seconds * 1_000_000_000n + BigInt(duration.nanos);
}

/** A protobuf Timestamp from milliseconds since 1970. */
export function timestampOf(ms: number): { seconds: bigint; nanos: number } {
  const seconds = Math.floor(ms / 1_000);
  return { seconds: BigInt(seconds), nanos: Math.round((ms - seconds * 1_000) * 1e6) };
}

/** An offset as numbers of nanoseconds; exact up to 104 days, which is beyond any picture. */
export interface OffsetNs {
  readonly valueNs: bigint;
  readonly boundNs: bigint | undefined;
}

/** The offset of a message; undefined: it has none. */
export function offsetOf(offset: adminV1.Offset | undefined): OffsetNs | undefined {
  return offset === undefined ? undefined : { valueNs: offset.valueNs, boundNs: offset.boundNs };
}
