// Numbers that are gathered one by one: an array that grows, and that is used again for the next gathering.

import { percentiles, type Share } from "../percentiles.ts";

const CAPACITY_MIN = 64;

export class ValueList {
  #values = new Float64Array(CAPACITY_MIN);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const grown = new Float64Array(2 * this.#length);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.#length] = value;
    this.#length += 1;
  }

  /** The values themselves, in no order that lasts: until the next `push` or `clear`. */
  values(): Float64Array {
    return this.#values.subarray(0, this.#length);
  }

  /** Each is a value of the list. NaN: the list is empty. */
  percentiles(shares: readonly Share[]): readonly number[] {
    return percentiles(this.values(), shares);
  }

  median(): number {
    return this.percentiles(MEDIAN)[0] as number;
  }

  /** Median distance of the values from their median. NaN: the list is empty. It yields behind each piece of the work. */
  *medianDeviationInSteps(): Generator<void, number> {
    const median = this.median();
    yield;
    const deviations = this.values().map((value) => Math.abs(value - median));
    yield;
    return percentiles(deviations, MEDIAN)[0] as number;
  }

  /** From here on, whatever was negative is positive. */
  makeAbsolute(): void {
    const values = this.values();
    for (let at = 0; at < values.length; at += 1) values[at] = Math.abs(values[at] as number);
  }

  clear(): void {
    this.#length = 0;
  }
}

const MEDIAN: readonly Share[] = [0.5];
