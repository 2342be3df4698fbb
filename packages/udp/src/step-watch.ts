// Notices when the wall clock is stepped. Whatever disciplines the host's clock by its frequency moves the wall clock
// and the kernel's monotonic clock alike, so that their difference is constant to the nanosecond; only a step (by hand,
// by a daemon at its start, by a leap second, by a suspended host) changes it. Each look at both clocks gives an
// interval that holds the difference. Two intervals without a common point prove a step; no threshold is guessed.

/** Rounding of clocks that are read to the nanosecond. */
const ROUNDING_NS = 10n;

export class StepWatch {
  readonly #roundingNs: bigint;
  #lowNs: bigint | undefined;
  #highNs = 0n;
  #totalNs = 0n;

  /** `roundingNs`: how far a reading may be from the clock's value. */
  constructor(roundingNs: bigint = ROUNDING_NS) {
    this.#roundingNs = roundingNs;
  }

  /** Sum of all steps seen so far; positive: the wall clock was set forward. */
  get totalNs(): bigint {
    return this.#totalNs;
  }

  /** The wall clock minus the monotonic one lies within `lowNs` and `highNs`. Returns whether that proves a step. */
  observe(lowNs: bigint, highNs: bigint): boolean {
    const low = lowNs - this.#roundingNs;
    const high = highNs + this.#roundingNs;
    if (this.#lowNs === undefined) {
      this.#lowNs = low;
      this.#highNs = high;
      return false;
    }
    if (low <= this.#highNs && high >= this.#lowNs) {
      if (low > this.#lowNs) this.#lowNs = low;
      if (high < this.#highNs) this.#highNs = high;
      return false;
    }
    this.#totalNs += (low + high) / 2n - (this.#lowNs + this.#highNs) / 2n;
    this.#lowNs = low;
    this.#highNs = high;
    return true;
  }
}
