// Rows of the database become messages of the admin API: instants, words, offsets.

import { create } from "@bufbuild/protobuf";
import {
  type Duration,
  DurationSchema,
  type Timestamp,
  TimestampSchema,
} from "@bufbuild/protobuf/wkt";
import { adminV1 } from "@truechimer/api";
import type { UnixNs } from "@truechimer/base";
import {
  type AssignmentStatusName,
  type FaultName,
  type IpVersion,
  type MonitorStatusName,
  nsFromTimestamptz,
  type ServerStateName,
  type Timestamptz,
  timestamptzFromNs,
  type VerdictName,
} from "@truechimer/database";

const NS_PER_SECOND = 1_000_000_000n;

export function timestampFromNs(atNs: UnixNs): Timestamp {
  const nanos = ((atNs % NS_PER_SECOND) + NS_PER_SECOND) % NS_PER_SECOND;
  return create(TimestampSchema, { seconds: (atNs - nanos) / NS_PER_SECOND, nanos: Number(nanos) });
}

export function timestampFrom(instant: Timestamptz): Timestamp {
  return timestampFromNs(nsFromTimestamptz(instant));
}

/** For optional fields of `create`: {} when there is no instant. */
export function optionalTimestamp<Key extends string>(
  key: Key,
  instant: Timestamptz | null,
): { [K in Key]?: Timestamp } {
  return optionalField(key, instant === null ? undefined : timestampFrom(instant));
}

/** An optional field is left out, never set to undefined. */
export function optionalField<Key extends string, Value>(
  key: Key,
  value: Value | null | undefined,
): { [K in Key]?: Value } {
  return value === undefined || value === null ? {} : ({ [key]: value } as { [K in Key]?: Value });
}

export function durationFromNs(ns: bigint): Duration {
  return create(DurationSchema, { seconds: ns / NS_PER_SECOND, nanos: Number(ns % NS_PER_SECOND) });
}

export function durationFromMs(ms: number): Duration {
  return durationFromNs(BigInt(Math.round(ms * 1_000_000)));
}

/** A request's instant. Absent: it was not sent. Outside of the years 1970 to 2262 it is the nearest of them. */
export function instantOf(timestamp: Timestamp | undefined): Timestamptz | undefined {
  if (timestamp === undefined) return undefined;
  const ns = timestamp.seconds * NS_PER_SECOND + BigInt(timestamp.nanos);
  return timestamptzFromNs(ns < 0n ? 0n : ns > NS_MAX ? NS_MAX : ns);
}

const NS_MAX = 2n ** 63n - 1n;

/** Nanoseconds since 1970; 0 of none. */
export function nsOf(timestamp: Timestamp | undefined): UnixNs {
  return timestamp === undefined ? 0n : timestamp.seconds * NS_PER_SECOND + BigInt(timestamp.nanos);
}

export function offsetMessage(
  offsetNs: bigint | null,
  boundNs: bigint | null,
): { offset?: adminV1.Offset } {
  if (offsetNs === null) return {};
  return {
    offset: create(adminV1.OffsetSchema, {
      valueNs: offsetNs,
      ...optionalField("boundNs", boundNs),
    }),
  };
}

export const VERDICTS: Readonly<Record<VerdictName, adminV1.Verdict>> = {
  truechimer: adminV1.Verdict.TRUECHIMER,
  falseticker: adminV1.Verdict.FALSETICKER,
  unreachable: adminV1.Verdict.UNREACHABLE,
  unsure: adminV1.Verdict.UNSURE,
};

export const FAULTS: Readonly<Record<FaultName, adminV1.Fault>> = {
  server: adminV1.Fault.SERVER,
  path: adminV1.Fault.PATH,
  monitor: adminV1.Fault.MONITOR,
  cannot_tell: adminV1.Fault.CANNOT_TELL,
};

export const FAMILIES: Readonly<Record<IpVersion, adminV1.IpFamily>> = {
  v4: adminV1.IpFamily.V4,
  v6: adminV1.IpFamily.V6,
};

export const SERVER_STATES: Readonly<Record<ServerStateName, adminV1.ServerState>> = {
  watched: adminV1.ServerState.WATCHED,
  paused: adminV1.ServerState.PAUSED,
  removed: adminV1.ServerState.REMOVED,
};

export const ASSIGNMENT_STATUSES: Readonly<Record<AssignmentStatusName, adminV1.AssignmentStatus>> =
  {
    candidate: adminV1.AssignmentStatus.CANDIDATE,
    testing: adminV1.AssignmentStatus.TESTING,
    active: adminV1.AssignmentStatus.ACTIVE,
    paused: adminV1.AssignmentStatus.PAUSED,
  };

export const MONITOR_STATUSES: Readonly<Record<MonitorStatusName, adminV1.MonitorStatus>> = {
  pending: adminV1.MonitorStatus.PENDING,
  testing: adminV1.MonitorStatus.TESTING,
  active: adminV1.MonitorStatus.ACTIVE,
  paused: adminV1.MonitorStatus.PAUSED,
  deleted: adminV1.MonitorStatus.DELETED,
};
