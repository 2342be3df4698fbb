// The one interface to the network for probes. Behind it: kernel time stamps on a thread of their own, or node:dgram.

import type { AppError, IpAddress } from "@truechimer/base";
import type { InterleavedSession, Sample, TimestampSource } from "@truechimer/ntp";

/** Whom to ask, and how long to wait. */
export interface ExchangeRequest {
  readonly address: IpAddress;
  /** UDP port of the server. */
  readonly port: number;
  /** How long to wait for the answer, from the moment of sending. */
  readonly timeoutMs: number;
  /** Local address to send from (several vantage points on one host, NAT). Absent: the system's choice. */
  readonly localAddress?: IpAddress;
  /**
   * The check that the exchange is part of (`createInterleavedSession` of ntp): the request then asks for interleaved
   * mode, and the sample is judged in view of those before. Absent: it stands alone, in basic mode. Exchanges of one
   * session follow one another.
   */
  readonly session?: InterleavedSession;
}

/** Counters since `createProbeSocket`. Each datagram that arrives is counted once. */
export interface ProbeSocketCounters {
  readonly sent: number;
  readonly answered: number;
  readonly timedOut: number;
  readonly late: number;
  readonly duplicate: number;
  /** From another address or port than asked, or without our nonce. */
  readonly spoofed: number;
  readonly networkErrors: number;
  readonly inFlight: number;
}

/** Exchanges with time servers. Closing it rejects what is in flight. */
export interface ProbeSocket extends AsyncDisposable {
  /** Who takes the stamps on this host. */
  readonly timestampSource: TimestampSource;
  /** Why the socket is of no more use: what carries its exchanges broke. Absent: it works, or was closed. */
  readonly failure?: AppError | undefined;
  /**
   * One exchange: one packet from an unpredictable port with a fresh nonce, one judged sample. Never rejects for what
   * the network does; rejects with AppError `stopped` when the socket is closed or the signal aborted, with
   * `limit_exceeded` when too many are in flight, and with `failure` once the socket is broken.
   */
  exchange(request: ExchangeRequest, signal?: AbortSignal): Promise<Sample>;
  counters(): ProbeSocketCounters;
}
