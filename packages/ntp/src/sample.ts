// One NTP exchange as evidence, and what was made of it.

import type { UnixNs } from "@truechimer/base";
import type { NtpPacket } from "./ntp-packet.ts";
import type { NtpTimestamp } from "./ntp-timestamp.ts";
import type { SampleReason } from "./sample-reason.ts";

/** Who took a time stamp: the kernel (SO_TIMESTAMPING), or this program around its system calls. */
export type TimestampSource = "kernel" | "user_space";

export interface Stamp {
  /** The agent's wall clock. */
  readonly atNs: UnixNs;
  readonly source: TimestampSource;
}

/**
 * Where T3 came from. `basic`: from the answer itself, a reading of the server's clock before it was sent.
 * `interleaved`: from a later answer, as the server saw the answer before leave. RFC 9769, section 2.
 */
export type ExchangeMode = "basic" | "interleaved";

/** Everything that one exchange left behind; nothing is derived. */
export interface Exchange {
  readonly request: Uint8Array;
  /** T1. Absent: the request could not be sent. */
  readonly t1: Stamp | undefined;
  /** The datagram that ended the exchange. Absent: none came in time. */
  readonly response: Uint8Array | undefined;
  /** T4. */
  readonly t4: Stamp | undefined;
  /** The agent's end, as "address" and UDP port; absent when unknown. */
  readonly sourceAddress: string | undefined;
  readonly sourcePort: number | undefined;
  readonly destinationAddress: string;
  readonly destinationPort: number;
  /** By how much the agent's wall clock was stepped between T1 and T4. Absent: it ran on. */
  readonly clockStepNs: bigint | undefined;
}

/** What can make an offset wrong. `clock_step` appears only when the agent's clock was stepped meanwhile. */
export type BoundPartName =
  | "path"
  | "server_precision"
  | "agent_precision"
  | "drift"
  | "stamps"
  | "clock_step";

/** The parts of the bound on the error of an offset; they add up to the bound. Nanoseconds, each at least 0. */
export interface BoundPart {
  readonly name: BoundPartName;
  readonly valueNs: bigint;
}

/** What an accepted answer says. The true offset lies within `offsetNs` ± `boundNs`. RFC 5905, section 8. */
export interface Measurement {
  /** Server's clock minus agent's clock. */
  readonly offsetNs: bigint;
  /** Round trip without the server's time; at least 0. */
  readonly delayNs: bigint;
  readonly boundNs: bigint;
  readonly boundParts: readonly BoundPart[];
}

/** The four time stamps that a sample was computed from. T2 and T3 are the server's, 0 when it did not say. */
export interface TimedStamps {
  /** The exchange that T1, T2 and T4 are of: the sample's own or, in interleaved mode, one before. */
  readonly exchange: Exchange;
  readonly t1: Stamp;
  readonly t2: NtpTimestamp;
  readonly t3: NtpTimestamp;
  readonly t4: Stamp;
}

/** An exchange with its judgement. `measurement` is also given for a refused answer whose stamps are usable. */
export interface Sample {
  readonly exchange: Exchange;
  /** `basic` also where nothing came back. */
  readonly mode: ExchangeMode;
  /** Absent: there is no answer with stamps, or it answers somebody else. */
  readonly timed: TimedStamps | undefined;
  readonly packet: NtpPacket | undefined;
  readonly measurement: Measurement | undefined;
  /** Absent: the answer is good. */
  readonly reason: SampleReason | undefined;
}

/** What is told of a sample: the evidence and what came of it, without the steps between. See `keptSample`. */
export interface KeptSample extends Pick<Sample, "exchange" | "mode" | "reason"> {
  readonly timed: Pick<TimedStamps, "exchange"> | undefined;
  readonly packet: Pick<NtpPacket, "stratum" | "leap"> | undefined;
  readonly measurement: Omit<Measurement, "boundParts"> | undefined;
}

/** Position of the exchange that an interleaved sample times among the samples of its check. Absent: it is a basic one. */
export function timedExchangeIndex(
  { mode, timed }: KeptSample,
  samples: readonly KeptSample[],
): number | undefined {
  if (mode === "basic" || timed === undefined) return undefined;
  const index = samples.findIndex(({ exchange }) => exchange === timed.exchange);
  return index < 0 ? undefined : index;
}

/** The samples of one visit to a server and what they come to. */
export interface CheckResult<Kept extends KeptSample = Sample> {
  /** In the order of sending; all of them, also those that were not chosen. */
  readonly samples: readonly Kept[];
  /** Position of the sample that the outcome was taken from. Absent: no sample was taken at all. */
  readonly selectedIndex: number | undefined;
  readonly outcome: CheckOutcome;
}

export interface CheckOutcome {
  /** Absent: success. */
  readonly reason: SampleReason | undefined;
  /** True when nothing that can be judged came back (also for answers that break the protocol). */
  readonly noResponse: boolean;
  readonly offsetNs: bigint | undefined;
  readonly boundNs: bigint | undefined;
  readonly rttNs: bigint | undefined;
  /** 0 when unknown. */
  readonly stratum: number;
  /** 0 when unknown. */
  readonly leap: number;
}
