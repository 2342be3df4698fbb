// The exchanges of a sweep that are in flight, as columns of numbers: which nonce belongs to which, and since when.

/** Exchanges in flight at once. More fill the receive buffers of servers that share a core, and gain nothing. */
export const SLOTS = 2_048;
const CHAINS = 8_192;
const NONE = -1;

/** Columns by slot. A slot is free, or it holds one exchange. */
export class SweepSlots {
  readonly nonceHigh: Uint32Array = new Uint32Array(SLOTS);
  readonly nonceLow: Uint32Array = new Uint32Array(SLOTS);
  /** Position in the list of targets. */
  readonly target: Int32Array = new Int32Array(SLOTS).fill(NONE);
  /** Its number among the datagrams of its socket. */
  readonly sequence: Uint32Array = new Uint32Array(SLOTS);
  /** The kernel's T1; 0 s: none yet. */
  readonly sentSeconds: Float64Array = new Float64Array(SLOTS);
  readonly sentNanoseconds: Float64Array = new Float64Array(SLOTS);
  /** Readings before the sending: milliseconds of the monotonic clock, and how far the wall clock had been stepped. */
  readonly sentMs: Float64Array = new Float64Array(SLOTS);
  readonly steppedNs: Float64Array = new Float64Array(SLOTS);
  readonly #chain: Int32Array = new Int32Array(CHAINS).fill(NONE);
  readonly #next: Int32Array = new Int32Array(SLOTS).fill(NONE);
  readonly #free: Int32Array = Int32Array.from({ length: SLOTS }, (_, slot) => slot);
  #freeCount = SLOTS;

  get inFlight(): number {
    return SLOTS - this.#freeCount;
  }

  /** -1: all slots are taken. */
  take(target: number, nonceHigh: number, nonceLow: number): number {
    if (this.#freeCount === 0) return NONE;
    this.#freeCount -= 1;
    const slot = this.#free[this.#freeCount] ?? 0;
    this.target[slot] = target;
    this.nonceHigh[slot] = nonceHigh;
    this.nonceLow[slot] = nonceLow;
    this.sentSeconds[slot] = 0;
    const chain = nonceLow & (CHAINS - 1);
    this.#next[slot] = this.#chain[chain] ?? NONE;
    this.#chain[chain] = slot;
    return slot;
  }

  /** -1: no exchange in flight has this nonce. */
  find(nonceHigh: number, nonceLow: number): number {
    let slot = this.#chain[nonceLow & (CHAINS - 1)] ?? NONE;
    while (slot !== NONE) {
      if (this.nonceLow[slot] === nonceLow && this.nonceHigh[slot] === nonceHigh) return slot;
      slot = this.#next[slot] ?? NONE;
    }
    return NONE;
  }

  free(slot: number): void {
    const chain = (this.nonceLow[slot] ?? 0) & (CHAINS - 1);
    let at = this.#chain[chain] ?? NONE;
    if (at === slot) this.#chain[chain] = this.#next[slot] ?? NONE;
    else {
      while (at !== NONE && this.#next[at] !== slot) at = this.#next[at] ?? NONE;
      if (at !== NONE) this.#next[at] = this.#next[slot] ?? NONE;
    }
    this.target[slot] = NONE;
    this.#free[this.#freeCount] = slot;
    this.#freeCount += 1;
  }
}
