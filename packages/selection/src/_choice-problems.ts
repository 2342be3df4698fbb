// Choice problems as data, for tests.

import { unsafelyDeterministicRandom } from "@truechimer/base";
import type { ChoiceProblem, Choosable } from "./choice-problem.ts";

export interface DrawnProblem {
  readonly items: readonly Choosable[];
  readonly capacity: number;
  /** By account. */
  readonly rooms: readonly number[];
  /** Networks. */
  readonly taken: readonly number[];
  readonly gains: readonly number[];
  /** By grouping and group: chosen already. */
  readonly before: readonly (readonly number[])[];
  readonly restrictedMax: number;
}

export function problemOf({ rooms, taken, before, ...others }: DrawnProblem): ChoiceProblem {
  return {
    ...others,
    accountRoom: (account) => rooms[account] ?? 0,
    isNetworkTaken: (network) => taken.includes(network),
    chosenBefore: (grouping, group) => before[grouping]?.[group] ?? 0,
  };
}

/** As large as real ones: 30 to 80 monitors of 5 to 30 accounts, in 5 to 40 networks and 2 to 12 countries. */
export function drawnProblem(seed: number): DrawnProblem {
  const random = unsafelyDeterministicRandom(seed);
  const below = (limit: number): number => Math.floor(random.fraction() * limit);
  const accounts = 5 + below(26);
  const networks = 5 + below(36);
  const countries = 2 + below(11);
  const owners = 2 + below(20);
  const items = Array.from({ length: 30 + below(51) }, (): Choosable => {
    const network = below(networks + 1) - 1;
    return {
      value: 10_000 + below(20_000),
      account: below(accounts + 1) - 1,
      network,
      groups: [below(countries), below(owners), below(4)],
      restricted: below(5) === 0,
    };
  });
  return {
    items,
    capacity: 3 + below(7),
    rooms: Array.from({ length: accounts }, () => 1 + below(2)),
    taken: [below(networks)],
    gains: [below(2) * 8_000, below(2) * 5_000, 500],
    before: [[below(3)], [], []],
    restrictedMax: below(3),
  };
}
