// Prices of limits: of accounts, networks, or the restricted ones.

import type { Prices } from "./prices.ts";

/** A limit that is broken gets dearer, one with room cheaper, and nothing gets less than nothing. */
export class LimitPrices implements Prices {
  readonly #keyOf: Int32Array;
  readonly #keys: readonly number[];
  readonly #limitOf: (key: number) => number;
  readonly #prices: Float64Array;
  readonly #excess: Float64Array;

  /** @param keyOf by item; -1: without a price. Of other keys than `keys` nothing is held. */
  constructor(keyOf: Int32Array, keys: readonly number[], limitOf: (key: number) => number) {
    this.#keyOf = keyOf;
    this.#keys = keys;
    this.#limitOf = limitOf;
    const size = 1 + Math.max(-1, ...keyOf);
    this.#prices = new Float64Array(size);
    this.#excess = new Float64Array(size);
  }

  worthOf(place: number): number {
    const key = this.#keyOf[place] as number;
    return key < 0 ? 0 : -(this.#prices[key] as number);
  }

  constant(): number {
    let sum = 0;
    for (const key of this.#keys) sum += (this.#prices[key] as number) * this.#limitOf(key);
    return sum;
  }

  strain(picked: readonly number[]): number {
    const excess = this.#excess;
    for (const key of this.#keys) excess[key] = -this.#limitOf(key);
    for (const place of picked) {
      const key = this.#keyOf[place] as number;
      if (key >= 0) excess[key] = (excess[key] as number) + 1;
    }
    let sum = 0;
    for (const key of this.#keys) {
      if ((excess[key] as number) < 0 && this.#prices[key] === 0) excess[key] = 0;
      sum += (excess[key] as number) ** 2;
    }
    return sum;
  }

  move(step: number): boolean {
    let moved = false;
    for (const key of this.#keys) {
      const before = this.#prices[key] as number;
      const after = Math.max(0, Math.round(before + step * (this.#excess[key] as number)));
      this.#prices[key] = after;
      moved ||= after !== before;
    }
    return moved;
  }
}
