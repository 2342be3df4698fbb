// What no set of changes is above that contains some removals, and at most so many of the later ones. Part by part of the
// score, as if every promotion found room; where a part falls short of it, the later parts do not matter.

import type { Budget } from "./budget.ts";
import type { Movable } from "./movable.ts";
import type { Progress } from "./progress.ts";
import type { Field, Standing } from "./standing.ts";
import type { StepScore } from "./step-score.ts";
import type { Tally } from "./tally.ts";
import type { Target } from "./target.ts";
import { costValue } from "./value.ts";

/** What the bound depends on. */
export interface StepBoundInput {
  readonly field: Field;
  readonly target: Target;
  readonly movable: Movable;
  readonly budget: Budget;
  readonly tally: Tally;
  readonly progress: Progress;
  /** The removable in the order of the search, and what each mends at most: the most first. */
  readonly removable: readonly number[];
  readonly mends: readonly number[];
}

/** Bounds of the branches of one search. */
export class StepBound {
  readonly #input: StepBoundInput;
  /** By place in the order: costs of this and the later ones, the dearest first; and how many of them are active. */
  readonly #costsFrom: readonly (readonly number[])[];
  readonly #activeFrom: readonly number[];
  readonly #promoted: number;
  readonly #promotable: number;
  readonly #arrivalProgress: number;
  readonly #leastPaid: number;

  constructor(input: StepBoundInput) {
    const { field, target, movable, budget, progress, removable } = input;
    this.#input = input;
    const at = (place: number): Standing => field.standings[place] as Standing;
    const costs = removable.map((place) => costValue(at(place).cost));
    this.#costsFrom = costs.map((_, from) => costs.slice(from).toSorted((a, b) => b - a));
    const isActive = removable.map((place) => at(place).facts.status === "active");
    this.#activeFrom = isActive.map((_, from) => isActive.slice(from).filter(Boolean).length);
    const wanted = movable.promotable.filter((place) => target.active.has(place));
    this.#promoted = Math.min(budget.toActive, wanted.length);
    this.#promotable = Math.min(budget.toActive, movable.promotable.length);
    const arrivals = movable.arrivals.toSorted(
      (a, b) => progress.ofArrival(b) - progress.ofArrival(a),
    );
    const best = arrivals.slice(0, budget.toTesting);
    this.#arrivalProgress = best.reduce((sum, place) => sum + progress.ofArrival(place), 0);
    // Only where all parts before are reached does the cost decide: then so many have come.
    const cheapest = (places: readonly number[], count: number): number =>
      places
        .map((place) => costValue(at(place).cost))
        .toSorted((a, b) => a - b)
        .slice(0, count)
        .reduce((sum, cost) => sum + cost, 0);
    this.#leastPaid = cheapest(wanted, this.#promoted) + cheapest(movable.arrivals, best.length);
  }

  /** `removed` are counted in the tally; `left` of those from `from` on may follow. */
  of(removed: readonly number[], from: number, left: number): StepScore {
    const { target, tally, progress, mends } = this.#input;
    let mended = 0;
    for (let place = from; place < from + left; place += 1) {
      mended += mends[place] as number;
    }
    let cost = -this.#leastPaid;
    for (const dear of (this.#costsFrom[from] as readonly number[]).slice(0, left)) cost += dear;
    let demoted = Math.min(left, this.#activeFrom[from] as number);
    for (const place of removed) {
      const standing = this.#input.field.standings[place] as Standing;
      cost += costValue(standing.cost);
      if (standing.facts.status === "active") demoted += 1;
    }
    return [
      Math.min(target.usable.size, tally.usableActive + this.#promotable),
      progress.floor,
      -Math.max(0, tally.violations - mended),
      progress.ofRemovals(removed, this.#promoted) + left + this.#promoted + this.#arrivalProgress,
      demoted + this.#promoted,
      cost,
    ];
  }
}
