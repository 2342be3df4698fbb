// Prices of a grouping: lines above its concave gains.

import type { Grouping } from "./partial-choice.ts";
import type { Prices } from "./prices.ts";

/** One line for each group: every further one of it gains its slope. Where it touches the gains nothing is given away. */
export class Tangents implements Prices {
  readonly #grouping: Grouping;
  readonly #slopes: Float64Array;
  readonly #excess: Float64Array;
  readonly #used: Int32Array;

  /** @param touching a choice for which they are exact. */
  constructor(grouping: Grouping, touching: readonly number[]) {
    this.#grouping = grouping;
    const { counts, gains, groupOf } = grouping;
    this.#used = new Int32Array(counts.length);
    this.#excess = new Float64Array(counts.length);
    const reached = Int32Array.from(counts);
    for (const place of touching) {
      const group = groupOf[place] as number;
      reached[group] = (reached[group] as number) + 1;
    }
    this.#slopes = Float64Array.from(reached, (count) => {
      const next = gains[count] as number;
      return count === 0 ? next : Math.ceil(((gains[count - 1] as number) + next) / 2);
    });
  }

  worthOf(place: number): number {
    return this.#slopes[this.#grouping.groupOf[place] as number] as number;
  }

  constant(room: number): number {
    const { counts, gains } = this.#grouping;
    let sum = 0;
    for (const [group, slope] of this.#slopes.entries()) {
      const count = counts[group] as number;
      for (let more = 0; more < room; more += 1) {
        const above = (gains[count + more] as number) - slope;
        if (above <= 0) break;
        sum += above;
      }
    }
    return sum;
  }

  strain(picked: readonly number[], room: number): number {
    const { groupOf } = this.#grouping;
    this.#used.fill(0);
    for (const place of picked) {
      const group = groupOf[place] as number;
      this.#used[group] = (this.#used[group] as number) + 1;
    }
    let sum = 0;
    for (let group = 0; group < this.#used.length; group += 1) {
      const excess = this.#excessOf(group, room);
      this.#excess[group] = excess;
      sum += excess ** 2;
    }
    return sum;
  }

  move(step: number): boolean {
    let moved = false;
    for (const [group, before] of this.#slopes.entries()) {
      const after = Math.round(before - step * (this.#excess[group] as number));
      this.#slopes[group] = after;
      moved ||= after !== before;
    }
    return moved;
  }

  /** By how many the picked ones are more than where the line touches. */
  #excessOf(group: number, room: number): number {
    const { counts, gains } = this.#grouping;
    const used = this.#used[group] as number;
    const slope = this.#slopes[group] as number;
    const count = counts[group] as number;
    let excess = used;
    for (let more = 0; more < room; more += 1) {
      const gain = gains[count + more] as number;
      // At equal slopes it touches both.
      if (gain < slope || (gain === slope && excess <= 0)) break;
      excess -= 1;
    }
    return excess;
  }
}
