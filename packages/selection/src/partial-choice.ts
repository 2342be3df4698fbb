// Who is chosen so far on one branch of the search, what that is worth, and what room it leaves.

import {
  type ChoiceProblem,
  type Choosable,
  concaveGain,
  liveGroupings,
} from "./choice-problem.ts";

/** A grouping that counts, with its groups numbered from 0. */
export interface Grouping {
  /** By item. */
  readonly groupOf: Int32Array;
  /** By group: how many are chosen. */
  readonly counts: Int32Array;
  /** What one more adds, by how many there are. */
  readonly gains: Float64Array;
  readonly weight: number;
}

/** Grows and shrinks with the search. */
export class PartialChoice {
  readonly items: readonly Choosable[];
  readonly capacity: number;
  /** The heaviest first. */
  readonly groupings: readonly Grouping[];
  readonly accountRoom: Int32Array;
  readonly networkTaken: Uint8Array;
  readonly chosen: number[] = [];
  readonly #isChosen: Uint8Array;
  restrictedRoom: number;
  value = 0;

  constructor(problem: ChoiceProblem) {
    this.items = problem.items;
    this.capacity = Math.min(problem.capacity, problem.items.length);
    this.groupings = liveGroupings(problem)
      .map((grouping) => groupingOf(problem, grouping))
      .toSorted((a, b) => b.weight - a.weight);
    const { items } = problem;
    this.accountRoom = new Int32Array(1 + Math.max(-1, ...items.map(({ account }) => account)));
    this.networkTaken = new Uint8Array(1 + Math.max(-1, ...items.map(({ network }) => network)));
    for (const { account, network } of items) {
      if (account >= 0) this.accountRoom[account] = problem.accountRoom(account);
      if (network >= 0) this.networkTaken[network] = problem.isNetworkTaken(network) ? 1 : 0;
    }
    this.restrictedRoom = problem.restrictedMax;
    this.#isChosen = new Uint8Array(items.length);
  }

  get room(): number {
    return this.capacity - this.chosen.length;
  }

  item(place: number): Choosable {
    return this.items[place] as Choosable;
  }

  /** Not chosen yet, and no limit is in the way. */
  fits(place: number): boolean {
    const { account, network, restricted } = this.item(place);
    return (
      this.#isChosen[place] === 0 &&
      (account < 0 || (this.accountRoom[account] as number) > 0) &&
      (network < 0 || this.networkTaken[network] === 0) &&
      (!restricted || this.restrictedRoom > 0)
    );
  }

  /** What it would add now. */
  added(place: number): number {
    let added = this.item(place).value;
    for (const { groupOf, counts, gains } of this.groupings) {
      added += gains[counts[groupOf[place] as number] as number] as number;
    }
    return added;
  }

  /** Of these, whoever adds the most; the first of equals. They are not none. */
  mostAdded(places: readonly number[]): number {
    let best = places[0] as number;
    let most = Number.NEGATIVE_INFINITY;
    for (const place of places) {
      const added = this.added(place);
      if (added > most) {
        most = added;
        best = place;
      }
    }
    return best;
  }

  take(place: number): void {
    this.value += this.added(place);
    this.chosen.push(place);
    this.#count(place, 1);
  }

  /** The last one that was taken. */
  giveBack(): void {
    const place = this.chosen.pop() as number;
    this.#count(place, -1);
    this.value -= this.added(place);
  }

  #count(place: number, by: 1 | -1): void {
    const { account, network, restricted } = this.item(place);
    this.#isChosen[place] = by === 1 ? 1 : 0;
    if (account >= 0) this.accountRoom[account] = (this.accountRoom[account] as number) - by;
    if (network >= 0) this.networkTaken[network] = by === 1 ? 1 : 0;
    if (restricted) this.restrictedRoom -= by;
    for (const { groupOf, counts } of this.groupings) {
      const group = groupOf[place] as number;
      counts[group] = (counts[group] as number) + by;
    }
  }
}

function groupingOf(problem: ChoiceProblem, grouping: number): Grouping {
  const { items, capacity } = problem;
  const numbers = new Map<number, number>();
  const groupOf = Int32Array.from(items, ({ groups }) => {
    const group = groups[grouping] as number;
    const number = numbers.get(group) ?? numbers.size;
    numbers.set(group, number);
    return number;
  });
  const counts = Int32Array.from(numbers.keys(), (group) => problem.chosenBefore(grouping, group));
  const weight = problem.gains[grouping] as number;
  const most = Math.max(0, ...counts) + Math.min(capacity, items.length) + 1;
  return {
    groupOf,
    counts,
    gains: Float64Array.from({ length: most }, (_, count) => concaveGain(weight, count)),
    weight,
  };
}
