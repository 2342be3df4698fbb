// Nanoseconds as protobuf's time stamps and durations.

import { create } from "@bufbuild/protobuf";
import {
  type Duration,
  DurationSchema,
  type Timestamp,
  TimestampSchema,
} from "@bufbuild/protobuf/wkt";
import type { UnixNs } from "@truechimer/base";

const NS_PER_S = 1_000_000_000n;

/** `nanos` counts forwards, also before 1970. */
export function timestampFromNs(atNs: UnixNs): Timestamp {
  const nanos = ((atNs % NS_PER_S) + NS_PER_S) % NS_PER_S;
  return create(TimestampSchema, { seconds: (atNs - nanos) / NS_PER_S, nanos: Number(nanos) });
}

/** Seconds and nanoseconds have the same sign. */
export function durationFromNs(lengthNs: bigint): Duration {
  return create(DurationSchema, {
    seconds: lengthNs / NS_PER_S,
    nanos: Number(lengthNs % NS_PER_S),
  });
}

/** Nanoseconds of a duration. */
export function nsFromDuration(duration: Duration): bigint {
  return duration.seconds * NS_PER_S + BigInt(duration.nanos);
}

/** Nanoseconds since 1970 of a time stamp. */
export function nsFromTimestamp(timestamp: Timestamp): UnixNs {
  return timestamp.seconds * NS_PER_S + BigInt(timestamp.nanos);
}
