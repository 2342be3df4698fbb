// A check as far as the judgement of faults looks at it.

/** One check of a server by a monitor. `NaN`: not known. */
export interface CheckSeen {
  /** When, milliseconds of any one time axis. */
  readonly atMs: number;
  /** Server minus monitor, nanoseconds. NaN: no good answer. */
  readonly offsetNs: number;
  /** Round trip, nanoseconds. NaN: no good answer. */
  readonly delayNs: number;
  /** NTP requests in the check. */
  readonly sent: number;
  /** How many of them were answered, kiss codes too. */
  readonly received: number;
  /** The server asked to be left alone for a while (kiss code RATE). */
  readonly isRateLimited: boolean;
  /** Its answers say that it is not to be used (not synchronised, stratum 16, DENY), or are no valid answers. */
  readonly isUnfit: boolean;
  /** Leap indicator, 0 to 3. -1: no answer. */
  readonly leap: number;
}
