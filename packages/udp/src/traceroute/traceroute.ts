// The path to a time server as probes with a growing hop limit found it, and what may be asked for.

import type { IpAddress, UnixNs } from "@truechimer/base";
import type { TracerouteReason } from "@truechimer/ntp";
import type { NetworkFailure } from "../network-failure.ts";

/** Hop limit of the last probes; what traceroute programs have. */
export const HOPS_MAX_DEFAULT = 30;
/** A hop limit has 8 bits, and no path on the Internet is that long. */
export const HOPS_MAX = 64;
export const PROBES_PER_HOP_DEFAULT = 3;
export const PROBES_PER_HOP_MAX = 10;
/** How long a probe waits for its answer. Once around the world takes a third of a second. */
export const PROBE_TIMEOUT_MS_DEFAULT = 1_000;

/** Whom to trace, and how thoroughly. */
export interface TracerouteRequest {
  readonly address: IpAddress;
  /** UDP port of the probes. Default: 123, because what filters the path filters by port. */
  readonly port?: number;
  /** Local address to send from. Absent: the system's choice. */
  readonly localAddress?: IpAddress;
  /** 1 to 64. Default: 30. */
  readonly hopsMax?: number;
  /** 1 to 10. Default: 3. */
  readonly probesPerHop?: number;
  /** How long to wait for the answer to a probe. Default: 1 s. */
  readonly timeoutMs?: number;
}

/** What came back for one probe. */
export interface HopAnswer {
  /** Who answered. Absent: nobody in time. */
  readonly address: IpAddress | undefined;
  /** From the departure of the probe to the arrival of the answer; by the kernel's stamps where there are both. */
  readonly rttNs: bigint | undefined;
  /** Type and code of the ICMP message. Absent: an NTP answer, or none. */
  readonly icmp: IcmpMessage | undefined;
}

/** RFC 792, RFC 4443. */
export interface IcmpMessage {
  readonly type: number;
  readonly code: number;
}

/** The probes of one hop limit. */
export interface TracerouteHop {
  /** From 1. */
  readonly hopLimit: number;
  /** One for each probe that was sent. The server's own hop may have fewer than the others, to spare it. */
  readonly answers: readonly HopAnswer[];
}

/** A finished traceroute. */
export interface Traceroute {
  readonly startedAtNs: UnixNs;
  readonly hops: readonly TracerouteHop[];
  /** The server itself answered. */
  readonly reached: boolean;
  /** Why it could not be made. Absent: it was made, even if nobody answered. */
  readonly reason: TracerouteReason | NetworkFailure | undefined;
}

/** Makes traceroutes, a few at a time; the others wait their turn. Closing it ends all. */
export interface Tracer extends AsyncDisposable {
  /**
   * Never rejects for what the network does. Rejects with AppError `bad_request` when the request is beyond its limits,
   * `limit_exceeded` when too many wait, `stopped` when the tracer is closed or the signal aborted.
   */
  traceroute(request: TracerouteRequest, signal?: AbortSignal): Promise<Traceroute>;
}
