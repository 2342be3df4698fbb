// How long things take on demand. Tests shorten them.

export interface OnDemandTiming {
  /** Between two heartbeats of a stream. */
  readonly heartbeatMs: number;
  /**
   * How long a stream lives at most before a new one is asked for. An agent whose host lost its power leaves a connection
   * behind that TCP gives up only after a quarter of an hour; so long it would count as there.
   */
  readonly streamLifeMs: number;
  /** How often a replica looks by itself, should a notification be lost. */
  readonly lookMs: number;
  /** How long monitors have to answer a question for a check. */
  readonly ntpAnswerMs: number;
  /** The same for a traceroute. */
  readonly tracerouteAnswerMs: number;
}

/**
 * A replica that dies frees its streams within 30 s: three heartbeats. A check has as long as the NTP Pool gives it; a
 * traceroute of 30 hops waits a second for most of them.
 */
export const ON_DEMAND_TIMING: OnDemandTiming = {
  heartbeatMs: 8_000,
  streamLifeMs: 300_000,
  lookMs: 5_000,
  ntpAnswerMs: 8_000,
  tracerouteAnswerMs: 40_000,
};

/** A session that has not been seen for this many heartbeats counts as away. */
const HEARTBEATS_MISSED_MAX = 3;

/** How long a session counts without being seen. */
export function sessionLifeMs({ heartbeatMs }: OnDemandTiming): number {
  return HEARTBEATS_MISSED_MAX * heartbeatMs;
}
