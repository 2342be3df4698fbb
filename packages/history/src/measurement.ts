// A row of the store: what `log_scores` holds of a check, or of a step of the overall score. Instants are microseconds
// since 1970 as PostgreSQL keeps them; a double holds them, and the ids, exactly (until the year 2255; 2^53 rows).

/** One measurement. `NaN` and -1 stand for what is not known, so that a column needs no second one for null. */
export interface Measurement {
  /** `log_scores.id`. Never changes, nor does `atUs`: the two are what a row is known by. */
  readonly id: number;
  /** When the check was made; the agent's clock. The one time axis of the store. */
  readonly atUs: number;
  readonly serverId: number;
  /** The monitor, or the scorer. */
  readonly monitorId: number;
  /** Server minus agent, nanoseconds; exact to 104 days, then to one part in 10^15. NaN: none. */
  readonly offsetNs: number;
  /** Bound on the error of `offsetNs`, nanoseconds, at a span's precision (see `encodeSpan`). NaN: not reported. */
  readonly boundNs: number;
  /** Round trip, nanoseconds, at a span's precision. NaN: none. */
  readonly rttNs: number;
  /** After this step; seven digits. */
  readonly score: number;
  /** What the outcome was worth; seven digits. */
  readonly step: number;
  /** As answered, 0 to 255. -1: no answer. */
  readonly stratum: number;
  /** As answered, 0 to 3. -1: no answer. */
  readonly leap: number;
  /** Coded reason of the failure. Empty: success. */
  readonly reason: string;
  /** Nothing that can be judged came back. */
  readonly noResponse: boolean;
  readonly hasEvidence: boolean;
  /** NTP requests in the check, at most 15 counted. */
  readonly samplesSent: number;
  /** How many of them were answered, at most 15 counted. */
  readonly samplesAnswered: number;
}

/** The order of the store: by time, and of equal times by id. Negative: `a` is before `b`. */
export function compareKeys(
  a: Pick<Measurement, "atUs" | "id">,
  b: Pick<Measurement, "atUs" | "id">,
): number {
  return a.atUs - b.atUs || a.id - b.id;
}
