// The search against trying every choice; and its bound against the truth.

import fc from "fast-check";
import { expect, test } from "vitest";
import { type DrawnProblem, problemOf } from "./_choice-problems.ts";
import { type Choosable, concaveGain } from "./choice-problem.ts";
import { chooseBest } from "./choose-best.ts";

const item: fc.Arbitrary<Choosable> = fc.record({
  value: fc.integer({ min: 1, max: 400 }),
  account: fc.integer({ min: -1, max: 2 }),
  network: fc.integer({ min: -1, max: 4 }),
  groups: fc.tuple(fc.nat(2), fc.nat(3), fc.nat(1)),
  restricted: fc.boolean(),
});
const drawn: fc.Arbitrary<DrawnProblem> = fc.record({
  items: fc.array(item, { maxLength: 10 }),
  capacity: fc.integer({ min: 0, max: 6 }),
  rooms: fc.tuple(fc.nat(3), fc.nat(3), fc.nat(3)),
  taken: fc.uniqueArray(fc.nat(4), { maxLength: 2 }),
  gains: fc.tuple(fc.constantFrom(0, 50, 1_000), fc.constantFrom(0, 300), fc.constantFrom(0, 20)),
  before: fc.tuple(fc.tuple(fc.nat(2)), fc.tuple(fc.constant(0), fc.nat(2)), fc.constant([])),
  restrictedMax: fc.nat(3),
});
const never = (): boolean => false;

test("the search finds the best of all choices, and proves it", () => {
  fc.assert(
    fc.property(drawn, (of) => {
      const { chosen, value, bound } = chooseBest(problemOf(of), never);
      expect(value).toBe(valueOf(of, chosen));
      expect(bound).toBe(value);
      expect(value).toBe(bestOf(of));
    }),
    { numRuns: 400 },
  );
});

test("cut short it still gives a choice that holds the limits, and a bound that is above every choice", () => {
  fc.assert(
    fc.property(drawn, fc.nat(4), (of, nodes) => {
      let count = 0;
      const { chosen, value, bound } = chooseBest(problemOf(of), () => (count += 1) > nodes);
      expect(value).toBe(valueOf(of, chosen));
      expect(bound).toBeGreaterThanOrEqual(bestOf(of));
    }),
    { numRuns: 400 },
  );
});

test("of choices of equal worth the first in the order of the items is taken", () => {
  const same = { value: 5, account: -1, network: -1, groups: [0, 0, 0], restricted: false };
  const { chosen } = chooseBest(
    problemOf({
      items: [same, same, same],
      capacity: 2,
      rooms: [],
      taken: [],
      gains: [],
      before: [],
      restrictedMax: 0,
    }),
    never,
  );
  expect(chosen).toEqual([0, 1]);
});

function bestOf(of: DrawnProblem): number {
  let best = 0;
  const live = liveGains(of);
  for (let bits = 0; bits < 2 ** of.items.length; bits += 1) {
    const chosen = of.items.flatMap((_, place) => (bits & (1 << place) ? [place] : []));
    best = Math.max(best, valueOf(of, chosen, live));
  }
  return best;
}

/** The weights; 0 where all are of one group, which tells no choice from another. */
function liveGains({ items, gains }: DrawnProblem): readonly number[] {
  return gains.map((weight, grouping) =>
    new Set(items.map(({ groups }) => groups[grouping])).size < 2 ? 0 : weight,
  );
}

/** -1: a limit is broken. */
function valueOf(
  of: DrawnProblem,
  chosen: readonly number[],
  live: readonly number[] = liveGains(of),
): number {
  if (chosen.length > of.capacity) return -1;
  const rooms: number[] = [...of.rooms];
  const networks = new Set(of.taken);
  const counts = of.before.map((before) => [...before]);
  let restricted = 0;
  let value = 0;
  let gained = 0;
  for (const place of chosen) {
    const { account, network, groups, value: worth, restricted: is } = of.items[place] as Choosable;
    if (account >= 0) {
      rooms[account] = (rooms[account] ?? 0) - 1;
      if ((rooms[account] ?? 0) < 0) return -1;
    }
    if (network >= 0 && networks.has(network)) return -1;
    networks.add(network);
    restricted += is ? 1 : 0;
    value += worth;
    for (const [grouping, weight] of live.entries()) {
      if (weight === 0) continue;
      const group = groups[grouping] ?? -1;
      const own = counts[grouping] ?? [];
      const before = own[group] ?? 0;
      own[group] = before + 1;
      gained += concaveGain(weight, before);
    }
  }
  return restricted > of.restrictedMax ? -1 : value + gained;
}
