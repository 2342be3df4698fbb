// The search against trying every choice; and its bound against the truth.

import fc from "fast-check";
import { expect, test } from "vitest";
import { type ChoiceProblem, type Choosable, chooseBest, concaveGain } from "./choose-best.ts";

const item: fc.Arbitrary<Choosable> = fc.record({
  value: fc.integer({ min: 1, max: 400 }),
  account: fc.integer({ min: -1, max: 2 }),
  network: fc.integer({ min: -1, max: 4 }),
  groups: fc.tuple(fc.nat(2), fc.nat(3), fc.nat(1)),
  restricted: fc.boolean(),
});
const problem: fc.Arbitrary<ChoiceProblem> = fc.record({
  items: fc.array(item, { maxLength: 10 }),
  capacity: fc.integer({ min: 0, max: 6 }),
  accountRoom: fc.tuple(fc.nat(3), fc.nat(3), fc.nat(3)),
  takenNetworks: fc.uniqueArray(fc.nat(4), { maxLength: 2 }).map((taken) => new Set(taken)),
  gains: fc.tuple(fc.constantFrom(0, 50, 1_000), fc.constantFrom(0, 300), fc.constantFrom(0, 20)),
  groupCounts: fc
    .tuple(fc.nat(2), fc.nat(2))
    .map(([one, other]) => [new Map([[0, one]]), new Map([[1, other]]), new Map<number, number>()]),
  restrictedMax: fc.nat(3),
});
const never = (): boolean => false;

test("the search finds the best of all choices, and proves it", () => {
  fc.assert(
    fc.property(problem, (of) => {
      const { chosen, value, bound } = chooseBest(of, never);
      expect(value).toBe(valueOf(of, chosen));
      expect(bound).toBe(value);
      expect(value).toBe(bestOf(of));
    }),
    { numRuns: 1_000 },
  );
});

test("cut short it still gives a choice that holds the limits, and a bound that is above every choice", () => {
  fc.assert(
    fc.property(problem, fc.nat(4), (of, nodes) => {
      let count = 0;
      const { chosen, value, bound } = chooseBest(of, () => (count += 1) > nodes);
      expect(value).toBe(valueOf(of, chosen));
      expect(bound).toBeGreaterThanOrEqual(bestOf(of));
    }),
    { numRuns: 1_000 },
  );
});

test("of choices of equal worth the first in the order of the items is taken", () => {
  const same = { value: 5, account: -1, network: -1, groups: [0, 0, 0], restricted: false };
  const { chosen } = chooseBest(
    {
      items: [same, same, same],
      capacity: 2,
      accountRoom: [],
      takenNetworks: new Set(),
      gains: [],
      groupCounts: [],
      restrictedMax: 0,
    },
    never,
  );
  expect(chosen).toEqual([0, 1]);
});

function bestOf(of: ChoiceProblem): number {
  let best = 0;
  for (let bits = 0; bits < 2 ** of.items.length; bits += 1) {
    const chosen = of.items.flatMap((_, place) => (bits & (1 << place) ? [place] : []));
    best = Math.max(best, valueOf(of, chosen));
  }
  return best;
}

/** -1: a limit is broken. */
function valueOf(of: ChoiceProblem, chosen: readonly number[]): number {
  if (chosen.length > of.capacity) return -1;
  const rooms: number[] = [...of.accountRoom];
  const networks = new Set(of.takenNetworks);
  const counts = of.groupCounts.map((before) => new Map(before));
  let restricted = 0;
  let value = 0;
  for (const place of chosen) {
    const { account, network, groups, value: own, restricted: is } = of.items[place] as Choosable;
    if (account >= 0) {
      rooms[account] = (rooms[account] ?? 0) - 1;
      if ((rooms[account] ?? 0) < 0) return -1;
    }
    if (network >= 0 && networks.has(network)) return -1;
    networks.add(network);
    restricted += is ? 1 : 0;
    value += own;
    for (const [grouping, weight] of of.gains.entries()) {
      // In which all are of one group, a grouping tells no choice from another.
      if (new Set(of.items.map((each) => each.groups[grouping])).size < 2) continue;
      const group = groups[grouping] ?? -1;
      const before = counts[grouping]?.get(group) ?? 0;
      counts[grouping]?.set(group, before + 1);
      value += concaveGain(weight, before);
    }
  }
  return restricted > of.restrictedMax ? -1 : value;
}
