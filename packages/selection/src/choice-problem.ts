// A choice of monitors under limits, as numbers. Whoever is chosen adds a value, and more the fewer of its country, network
// and delay band were chosen before it (a concave gain). At most one in a network, so many of an account.

/** Whole numbers, so that sums do not depend on their order. */
export interface Choosable {
  readonly value: number;
  /** -1: without limit. */
  readonly account: number;
  readonly network: number;
  /** One group for each of `gains`. */
  readonly groups: readonly number[];
  /** Counts against `restrictedMax`. */
  readonly restricted: boolean;
}

/** Whom to choose from, and under which limits. */
export interface ChoiceProblem {
  /** In an order that depends on nothing but themselves: of equal ones the first goes first. */
  readonly items: readonly Choosable[];
  readonly capacity: number;
  /** How many more of an account. */
  readonly accountRoom: (account: number) => number;
  readonly isNetworkTaken: (network: number) => boolean;
  /** For each grouping: the weight of its concave gain; 0 leaves it out. */
  readonly gains: readonly number[];
  /** How many of a group are chosen already. */
  readonly chosenBefore: (grouping: number, group: number) => number;
  readonly restrictedMax: number;
}

/** What was chosen, and how good it is. */
export interface Choice {
  /** Positions in `items`, growing. */
  readonly chosen: readonly number[];
  readonly value: number;
  /** No choice is above it. Equal to `value`: proven best. */
  readonly bound: number;
}

/** Says whether the time that a plan may take is over. */
export type OutOfTime = () => boolean;

/** What the n-th of a group adds; whole, and no more than what the one before it added. */
export function concaveGain(weight: number, countBefore: number): number {
  return Math.round(weight * (Math.sqrt(countBefore + 1) - Math.sqrt(countBefore)));
}

/** The groupings that tell one choice from another: where all are of one group, all choices of one size gain the same. */
export function liveGroupings({ items, gains }: ChoiceProblem): readonly number[] {
  return gains.flatMap((weight, grouping) => {
    if (weight <= 0) return [];
    const first = items[0]?.groups[grouping];
    return items.some(({ groups }) => groups[grouping] !== first) ? [grouping] : [];
  });
}
