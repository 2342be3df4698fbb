// What is wrong with a simulated server. Every case is told apart by a real monitor from packets alone.

/** A paragraph a case; the answer to a request is made in `fault-answer.ts`. */
export type LabFault =
  /** Keeps time: `offsetNs` is well inside the limit, as no real clock is exact. */
  | { readonly kind: "none"; readonly offsetNs: bigint }
  /** Off by the same amount for ever. */
  | { readonly kind: "offset"; readonly offsetNs: bigint }
  /** Starts at `startOffsetNs` when the lab starts and gains `gainNsPerS` each second, up to `offsetNsMax`. */
  | {
      readonly kind: "drift";
      readonly startOffsetNs: bigint;
      readonly gainNsPerS: bigint;
      readonly offsetNsMax: bigint;
    }
  /** Keeps time; each request has this chance of getting no answer. */
  | { readonly kind: "loss"; readonly lossFraction: number }
  /** Never answers. */
  | { readonly kind: "silent" }
  /** Answers each request with a kiss code instead of the time. RFC 5905, section 7.4. */
  | { readonly kind: "kiss"; readonly code: string }
  /** Says that it is synchronised to nothing: stratum 16. RFC 5905, section 7.3. */
  | { readonly kind: "unsynchronised-stratum" }
  /** Says that its clock was never set: leap indicator 3, with a sane stratum. RFC 5905, section 7.3. */
  | { readonly kind: "unsynchronised-leap" }
  /** Returns an origin time stamp that nobody sent: its answers belong to no request. RFC 5905, section 8. */
  | { readonly kind: "wrong-origin" };

const NS_PER_S = 1_000_000_000n;

/** Which clock is read, when. */
export interface ServerClockReading {
  readonly fault: LabFault;
  /** The true time, by the host's clock. */
  readonly atNs: bigint;
  /** When the lab was started, by the host's clock. */
  readonly startedAtNs: bigint;
}

/** What the simulated server's clock shows at a true instant. Nanoseconds since 1970. */
export function serverClockNs(reading: ServerClockReading): bigint {
  return reading.atNs + serverOffsetNs(reading);
}

function serverOffsetNs({ fault, atNs, startedAtNs }: ServerClockReading): bigint {
  if (fault.kind === "none" || fault.kind === "offset") return fault.offsetNs;
  if (fault.kind !== "drift") return 0n;
  const elapsedNs = atNs > startedAtNs ? atNs - startedAtNs : 0n;
  const offsetNs = fault.startOffsetNs + (elapsedNs * fault.gainNsPerS) / NS_PER_S;
  return offsetNs < fault.offsetNsMax ? offsetNs : fault.offsetNsMax;
}
