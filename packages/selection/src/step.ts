// One review's step towards the target: of all sets of changes that the budgets allow, the one of the highest score. Removals
// are searched by branch and bound; what is promoted beside them is the best choice for each.

import { type Budget, budgetOf } from "./budget.ts";
import type { OutOfTime } from "./choice-problem.ts";
import { type Movable, movableOf, type RemovalStatus } from "./movable.ts";
import { Progress } from "./progress.ts";
import { Promotions } from "./promotions.ts";
import type { Field, Standing } from "./standing.ts";
import { StepBound } from "./step-bound.ts";
import { isAbove, type StepScore } from "./step-score.ts";
import { Tally } from "./tally.ts";
import type { Target } from "./target.ts";
import { costValue } from "./value.ts";

/** A monitor that leaves the active or the testing ones, and where it goes. */
export interface Removal {
  readonly place: number;
  readonly to: RemovalStatus;
}

/** Places that change. */
export interface Step {
  /** Paused or deleted: they leave whatever the budget. */
  readonly forced: readonly number[];
  readonly removed: readonly Removal[];
  readonly toActive: readonly number[];
  readonly toTesting: readonly number[];
  readonly budget: Budget;
  /** False: time ran out, and a better set of changes may exist. */
  readonly proven: boolean;
}

/** Exact, unless time runs out. */
export function stepTowards(field: Field, target: Target, outOfTime: OutOfTime): Step {
  return new StepSearch(field, target, outOfTime).run();
}

interface Outcome {
  readonly removed: readonly number[];
  readonly toActive: readonly number[];
  readonly toTesting: readonly number[];
  readonly score: StepScore;
}

class StepSearch {
  readonly #field: Field;
  readonly #target: Target;
  readonly #outOfTime: OutOfTime;
  readonly #movable: Movable;
  readonly #budget: Budget;
  readonly #tally: Tally;
  readonly #progress: Progress;
  readonly #promotions: Promotions;
  readonly #removable: readonly number[];
  readonly #bound: StepBound;
  #removed: number[] = [];
  #best: Outcome | undefined;
  #stopped = false;

  constructor(field: Field, target: Target, outOfTime: OutOfTime) {
    const movable = movableOf(field, target);
    const budget = budgetOf(field, movable);
    const tally = new Tally(field, target, movable);
    const progress = new Progress(field, target, movable);
    this.#field = field;
    this.#target = target;
    this.#outOfTime = outOfTime;
    this.#movable = movable;
    this.#budget = budget;
    this.#tally = tally;
    this.#progress = progress;
    this.#promotions = new Promotions({ field, target, movable, budget, tally, outOfTime });
    this.#removable = movable.removable.toSorted(
      (a, b) =>
        this.#mendsAtMost(b) - this.#mendsAtMost(a) || this.#at(b).cost - this.#at(a).cost || b - a,
    );
    this.#bound = new StepBound({
      field,
      target,
      movable,
      budget,
      tally,
      progress,
      removable: this.#removable,
      mends: this.#removable.map((place) => this.#mendsAtMost(place)),
    });
  }

  run(): Step {
    const first = this.#removable.slice(0, this.#budget.removals);
    for (const place of first) this.#remove(place);
    this.#consider();
    for (const _ of first) this.#putBack();
    if (first.length > 0) this.#consider();
    this.#branch(0);
    const { removed, toActive, toTesting } = this.#best as Outcome;
    return {
      forced: this.#movable.forced,
      removed: removed.map((place) => ({ place, to: this.#movable.removalStatus(place) })),
      toActive,
      toTesting,
      budget: this.#budget,
      proven: !this.#stopped,
    };
  }

  #at(place: number): Standing {
    return this.#field.standings[place] as Standing;
  }

  #mendsAtMost(place: number): number {
    const stays = this.#movable.removalStatus(place) === "testing";
    return this.#tally.mendsAtMost(place, stays, this.#at(place).facts.status === "active");
  }

  #branch(from: number): void {
    const left = Math.min(
      this.#budget.removals - this.#removed.length,
      this.#removable.length - from,
    );
    if (left <= 0 || this.#stopped || !this.#isPromising(from, left)) return;
    if (this.#outOfTime()) {
      this.#stopped = true;
      return;
    }
    this.#remove(this.#removable[from] as number);
    this.#consider();
    this.#branch(from + 1);
    this.#putBack();
    this.#branch(from + 1);
  }

  #isPromising(from: number, left: number): boolean {
    const best = this.#best;
    return best === undefined || isAbove(this.#bound.of(this.#removed, from, left), best.score);
  }

  /** Whoever goes from active to testing still works. */
  #remove(place: number): void {
    this.#removed.push(place);
    if (this.#at(place).facts.status === "active") this.#tally.countActive(place, -1);
    if (this.#movable.removalStatus(place) !== "testing") this.#tally.countWorking(place, -1);
  }

  #putBack(): void {
    const place = this.#removed.pop() as number;
    if (this.#movable.removalStatus(place) !== "testing") this.#tally.countWorking(place, 1);
    if (this.#at(place).facts.status === "active") this.#tally.countActive(place, 1);
  }

  #consider(): void {
    const removed = [...this.#removed];
    const toActive = this.#promotions.toActive();
    const toTesting = this.#promotions.toTesting();
    const score = this.#scoreOf(removed, toActive, toTesting);
    this.#promotions.takeBack(toActive, toTesting);
    if (this.#best !== undefined && !isAbove(score, this.#best.score)) return;
    this.#best = { removed, toActive, toTesting, score };
  }

  #scoreOf(
    removed: readonly number[],
    toActive: readonly number[],
    toTesting: readonly number[],
  ): StepScore {
    const { usableActive, eligibleActive, violations } = this.#tally;
    const towards = toActive.filter((place) => this.#target.active.has(place)).length;
    const demoted = removed.filter((place) => this.#at(place).facts.status === "active").length;
    let progress = this.#progress.ofRemovals(removed, towards) + towards;
    for (const place of toTesting) progress += this.#progress.ofArrival(place);
    return [
      Math.min(this.#target.usable.size, usableActive),
      Math.min(this.#progress.floor, eligibleActive),
      -violations,
      progress,
      demoted + towards,
      this.#costOf(removed) - this.#costOf(toActive) - this.#costOf(toTesting),
    ];
  }

  #costOf(places: readonly number[]): number {
    let sum = 0;
    for (const place of places) sum += costValue(this.#at(place).cost);
    return sum;
  }
}
