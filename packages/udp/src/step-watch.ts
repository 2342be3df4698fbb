// Notices when the wall clock is stepped. On Linux whatever disciplines the host's clock by its frequency moves the wall
// clock and the kernel's monotonic clock alike, so that their difference is constant to the nanosecond; only a step (by
// hand, by a daemon at its start, by a leap second, by a suspended host) changes it. Each look at both clocks gives an
// interval that holds the difference. Two intervals without a common point prove a step; no threshold is guessed.
// Where the two clocks are disciplined apart, the interval is widened by what that can do meanwhile.

/** What the two clocks may do without a step. */
export interface StepWatchOptions {
  /** How far a reading may be from the clock's value. Default: 10, for clocks that are read to the nanosecond. */
  readonly roundingNs?: bigint;
  /** How fast the clocks may drift apart without a step. Default: 0. */
  readonly driftPartsPerMillion?: bigint;
}

/** One look at both clocks: the wall clock minus the monotonic one lies within `lowNs` and `highNs`. */
export interface ClockDifference {
  readonly lowNs: bigint;
  readonly highNs: bigint;
  /** The monotonic clock at that moment. */
  readonly atNs: bigint;
}

const ROUNDING_NS = 10n;
const MILLION = 1_000_000n;

/** Adds up the steps that looks at the two clocks prove. */
export class StepWatch {
  readonly #roundingNs: bigint;
  readonly #driftPartsPerMillion: bigint;
  #known: ClockDifference | undefined;
  #totalNs = 0n;

  constructor({ roundingNs = ROUNDING_NS, driftPartsPerMillion = 0n }: StepWatchOptions = {}) {
    this.#roundingNs = roundingNs;
    this.#driftPartsPerMillion = driftPartsPerMillion;
  }

  /** Sum of all steps seen so far; positive: the wall clock was set forward. */
  get totalNs(): bigint {
    return this.#totalNs;
  }

  /** Returns whether this look, with those before it, proves a step. */
  observe(difference: ClockDifference): boolean {
    const seen = widened(difference, this.#roundingNs);
    const known = this.#known;
    this.#known = seen;
    if (known === undefined) return false;
    const driftNs = ((seen.atNs - known.atNs) * this.#driftPartsPerMillion) / MILLION;
    const expected = widened(known, driftNs);
    if (seen.lowNs > expected.highNs || seen.highNs < expected.lowNs) {
      this.#totalNs += middle(seen) - middle(known);
      return true;
    }
    this.#known = {
      lowNs: seen.lowNs > expected.lowNs ? seen.lowNs : expected.lowNs,
      highNs: seen.highNs < expected.highNs ? seen.highNs : expected.highNs,
      atNs: seen.atNs,
    };
    return false;
  }
}

function widened({ lowNs, highNs, atNs }: ClockDifference, byNs: bigint): ClockDifference {
  return { lowNs: lowNs - byNs, highNs: highNs + byNs, atNs };
}

function middle({ lowNs, highNs }: ClockDifference): bigint {
  return (lowNs + highNs) / 2n;
}
