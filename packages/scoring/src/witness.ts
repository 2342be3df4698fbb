// What each monitor knows of a server, and what the fleet's policy asks for before it decides.

import type { UnixNs } from "@truechimer/base";

/** What one monitor knows of a server. */
export interface Witness {
  readonly monitorId: string | number | bigint;
  /** End of its last check, good or bad. Absent: it has not checked yet. */
  readonly checkedAtNs: UnixNs | undefined;
  /** Of its last check: a coded reason; undefined when it succeeded. */
  readonly reason: string | undefined;
  /**
   * Leap indicator of its last check's answer. Agents below submission version 5 report a 3 without a reason; here it
   * counts all the same. Absent: unknown.
   */
  readonly leap?: number | undefined;
  /** Its last good answer, also when checks after it failed. */
  readonly answer: WitnessAnswer | undefined;
  /** Since when it has been checking this server. */
  readonly watchingSinceNs: UnixNs;
  /** Between two of its checks. */
  readonly intervalNs: bigint;
}

/** A good answer that a monitor had. */
export interface WitnessAnswer {
  readonly atNs: UnixNs;
  readonly offsetNs: bigint;
  /** Without a bound of its own (agents below submission version 5): `legacyBoundNs` of the round trip. */
  readonly boundNs: bigint;
}

/** What must be known before a verdict falls, and where a lie begins. */
export interface VerdictPolicy {
  /** |offset| beyond this is a lie. Default 25 ms. */
  readonly offsetLimitNs: bigint;
  /** With fewer monitors that have fresh data nothing is decided: 1 for one's own servers, 3 for a pool. */
  readonly witnessesMin: number;
  /** Checks and answers are fresh for this many intervals; as long a silence is one. Default 3. */
  readonly freshIntervals: number;
}

/** For one's own servers, watched from one host: a single witness decides. */
export const VERDICT_POLICY_UP: VerdictPolicy = {
  offsetLimitNs: 25_000_000n,
  witnessesMin: 1,
  freshIntervals: 3,
};

/** For strangers' servers: three witnesses decide. */
export const VERDICT_POLICY_POOL: VerdictPolicy = { ...VERDICT_POLICY_UP, witnessesMin: 3 };

/** Agents below submission version 5 take their stamps in user space and give no bound: half of the round trip, and 0.1 ms for the stamps. */
export function legacyBoundNs(rttNs: bigint): bigint {
  return (rttNs + 1n) / 2n + LEGACY_STAMPS_NS;
}

const LEGACY_STAMPS_NS = 100_000n;
