// Long work in the process that also answers everybody else: after a few milliseconds it lets the others have their turn.

import { setImmediate as immediate } from "node:timers/promises";
import type { Clock } from "@truechimer/base";

/** Others wait this long at most, and the slice that was under way. */
const TURN_NS = 8_000_000n;

export class Pace {
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  #turnBeganNs: bigint;

  /** `signal`: the caller has gone, and nobody waits for the answer. */
  constructor(clock: Clock, signal: AbortSignal) {
    this.#clock = clock;
    this.#signal = signal;
    this.#turnBeganNs = clock.monotonicNs();
  }

  /** Takes every step, and a rest when one is due. Resolves with what the steps come to. */
  async run<Result>(steps: Iterator<void, Result>): Promise<Result> {
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
      await this.rest();
    }
  }

  /** To be called between two short pieces of work. Rejects with the signal's reason. */
  async rest(): Promise<void> {
    this.#signal.throwIfAborted();
    if (this.#clock.monotonicNs() - this.#turnBeganNs < TURN_NS) return;
    await immediate();
    this.#turnBeganNs = this.#clock.monotonicNs();
  }
}
