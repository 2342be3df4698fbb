// The best choice of monitors under the limits: branch and bound. A branch whose bound is not above the best known choice
// needs no search; what reaches a bound is, where it breaks no limit, the best of its branch.

import type { Choice, ChoiceProblem, OutOfTime } from "./choice-problem.ts";
import { FlowBound } from "./flow-bound.ts";
import { PartialChoice } from "./partial-choice.ts";
import { sortedChoice } from "./sorted-choice.ts";

/** The values must be positive: more is always better. */
export function chooseBest(problem: ChoiceProblem, outOfTime: OutOfTime): Choice {
  return sortedChoice(problem) ?? new Search(problem, outOfTime).run();
}

class Search {
  readonly #partial: PartialChoice;
  readonly #outOfTime: OutOfTime;
  #best: readonly number[] = [];
  #bestValue = 0;
  /** The highest bound of a branch that was given up for lack of time. */
  #openBound = 0;
  #stopped = false;

  constructor(problem: ChoiceProblem, outOfTime: OutOfTime) {
    this.#partial = new PartialChoice(problem);
    this.#outOfTime = outOfTime;
  }

  run(): Choice {
    const order = this.#partial.items.map((_, place) => place);
    order.sort((a, b) => this.#partial.item(b).value - this.#partial.item(a).value || a - b);
    this.#complete([], order);
    if (this.#best.length < order.length) {
      this.#branch(order, new FlowBound(this.#partial, this.#best));
    }
    return {
      chosen: this.#best.toSorted((a, b) => a - b),
      value: this.#bestValue,
      bound: Math.max(this.#bestValue, this.#openBound),
    };
  }

  #branch(open: readonly number[], bounds: FlowBound): void {
    const partial = this.#partial;
    const possible = partial.room > 0 ? open.filter((place) => partial.fits(place)) : [];
    if (possible.length === 0) return;
    const { bound, picked } = bounds.of(possible, (reached) => {
      this.#complete(reached, possible);
      return this.#bestValue - partial.value;
    });
    if (partial.value + bound <= this.#bestValue) return;
    if (this.#stopped || this.#outOfTime()) {
      this.#stopped = true;
      this.#openBound = Math.max(this.#openBound, partial.value + bound);
      return;
    }
    const next = partial.mostAdded(picked.length > 0 ? picked : possible);
    partial.take(next);
    this.#branch(possible, bounds);
    partial.giveBack();
    // Whoever could be exchanged for the one left out, at no gain, is left out with it.
    const isNoBetter = this.#worseThan(next, possible);
    this.#branch(
      possible.filter((place) => place !== next && !isNoBetter(place)),
      bounds,
    );
  }

  /** With the first of these that the limits allow, then with whoever adds the most, as a choice to be held against. */
  #complete(first: readonly number[], open: readonly number[]): void {
    const partial = this.#partial;
    const before = partial.chosen.length;
    for (const place of first) if (partial.room > 0 && partial.fits(place)) partial.take(place);
    for (let rest = open; partial.room > 0; ) {
      rest = rest.filter((place) => partial.fits(place));
      if (rest.length === 0) break;
      partial.take(partial.mostAdded(rest));
    }
    if (partial.value > this.#bestValue) {
      this.#bestValue = partial.value;
      this.#best = [...partial.chosen];
    }
    while (partial.chosen.length > before) partial.giveBack();
  }

  /** Says of another whether, in exchange for this one in any choice of the branch, it is allowed and never better. */
  #worseThan(place: number, possible: readonly number[]): (other: number) => boolean {
    const { groupings, accountRoom, room } = this.#partial;
    const better = this.#partial.item(place);
    const accountFree = better.account < 0 || (accountRoom[better.account] as number) >= room;
    const isAlone =
      better.network < 0 ||
      possible.every(
        (other) => other === place || this.#partial.item(other).network !== better.network,
      );
    return (other) => {
      const one = this.#partial.item(other);
      return (
        one.value <= better.value &&
        (one.restricted || !better.restricted) &&
        (accountFree || one.account === better.account) &&
        (isAlone || one.network === better.network) &&
        groupings.every(({ groupOf }) => groupOf[other] === groupOf[place])
      );
    };
  }
}
