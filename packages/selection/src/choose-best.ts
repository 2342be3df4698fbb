// The best choice of monitors under the limits: branch and bound. Whoever is chosen adds a value, and more the fewer of its
// country, network and delay band were chosen before it (a concave gain). At most one in a network, so many of an account.
//
// A bound of a branch is the value of a choice that ignores all limits but one kind, of which the best is known without
// a search: with the gains of one grouping alone (sorted by worth, the n-th of a group gains the n-th gain, and the best of
// these are taken). Of the other groupings, those with many groups add the most that they could for any choice; those with few
// are priced: a concave gain lies below each of its tangents, and the tangents at the best known choice touch it there. So no choice in the branch is above the bound, and a branch whose bound is not above
// the best known choice needs no search.

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

export interface ChoiceProblem {
  /** In an order that depends on nothing but themselves; of equal choices the first is taken. */
  readonly items: readonly Choosable[];
  readonly capacity: number;
  /** How many more of an account, by its number. */
  readonly accountRoom: readonly number[];
  readonly takenNetworks: ReadonlySet<number>;
  /** For each grouping: the weight of its concave gain; 0 leaves it out. */
  readonly gains: readonly number[];
  /** For each grouping: how many of a group are chosen already. */
  readonly groupCounts: readonly ReadonlyMap<number, number>[];
  readonly restrictedMax: number;
}

export interface Choice {
  /** Positions in `items`, growing. */
  readonly chosen: readonly number[];
  readonly value: number;
  /** No choice is above it. Equal to `value`: proven best. */
  readonly bound: number;
}

/** Says whether the time that a plan may take is over. */
export type OutOfTime = () => boolean;

/** The values must be positive: more is always better. */
export function chooseBest(problem: ChoiceProblem, outOfTime: OutOfTime): Choice {
  return new Search(problem, outOfTime).run();
}

/** What the n-th of a group adds; whole, and no more than what the one before it added. */
export function concaveGain(weight: number, countBefore: number): number {
  return Math.round(weight * (Math.sqrt(countBefore + 1) - Math.sqrt(countBefore)));
}

class Search {
  readonly #problem: ChoiceProblem;
  readonly #outOfTime: OutOfTime;
  readonly #accountRoom: number[];
  readonly #networks: Set<number>;
  readonly #counts: Map<number, number>[];
  /** Groupings that weigh something. */
  readonly #groupings: readonly number[];
  #restrictedRoom: number;
  #chosen: number[] = [];
  #value = 0;
  #best: readonly number[] = [];
  #bestValue = 0;
  /** The highest bound of a branch that was given up for lack of time. */
  #openBound = 0;
  #stopped = false;
  /** The first choice is complete. */
  #hasLeaf = false;
  #isPriced = false;
  #pricings: readonly Pricing[] = [];
  /** Groupings with fewer groups than are chosen: they fill up, so that tangents are near. The others could all differ. */
  readonly #priced: ReadonlySet<number>;
  readonly #tangents: Tangents[] = [];
  /** By grouping: the gains of all that are counted, those before the search too. */
  readonly #gained: number[];

  constructor(problem: ChoiceProblem, outOfTime: OutOfTime) {
    this.#problem = problem;
    this.#outOfTime = outOfTime;
    this.#accountRoom = [...problem.accountRoom];
    this.#networks = new Set(problem.takenNetworks);
    this.#counts = problem.groupCounts.map((counts) => new Map(counts));
    // Where all are of one group, the gain is the same for all choices of one size.
    const { items } = problem;
    this.#groupings = problem.gains.flatMap((weight, grouping) => {
      const differ = items.some(({ groups }) => groups[grouping] !== items[0]?.groups[grouping]);
      return weight > 0 && differ ? [grouping] : [];
    });
    this.#restrictedRoom = problem.restrictedMax;
    this.#priced = new Set(
      this.#groupings.filter(
        (grouping) => new Set(items.map(({ groups }) => groups[grouping])).size < problem.capacity,
      ),
    );
    this.#gained = problem.gains.map((weight, grouping) => {
      let sum = 0;
      for (const count of problem.groupCounts[grouping]?.values() ?? [])
        sum += totalGain(weight, count);
      return sum;
    });
  }

  run(): Choice {
    const order = this.#problem.items.map((_, place) => place);
    order.sort((a, b) => this.#item(b).value - this.#item(a).value || a - b);
    if (this.#fitAll(order)) {
      for (const place of order) this.#take(place);
      return { chosen: order.toSorted((a, b) => a - b), value: this.#value, bound: this.#value };
    }
    this.#branch(order);
    return {
      chosen: [...this.#best].toSorted((a, b) => a - b),
      value: this.#bestValue,
      bound: Math.max(this.#bestValue, this.#openBound),
    };
  }

  #branch(open: readonly number[]): void {
    if (this.#value > this.#bestValue) {
      this.#bestValue = this.#value;
      this.#best = [...this.#chosen];
      this.#isPriced = false;
    }
    const room = this.#problem.capacity - this.#chosen.length;
    const possible = room > 0 ? open.filter((place) => this.#fits(place)) : [];
    if (possible.length === 0) {
      this.#hasLeaf = true;
      return;
    }
    // On the way to the first choice there is nothing to be held against.
    if (this.#hasLeaf) {
      const bound = this.#value + this.#boundOf(possible, room);
      if (bound <= this.#bestValue) return;
      if (this.#stopped || this.#outOfTime()) {
        this.#stopped = true;
        this.#openBound = Math.max(this.#openBound, bound);
        return;
      }
    }
    const next = this.#mostAdded(possible);
    const others = possible.filter((place) => place !== next);
    this.#take(next);
    this.#branch(others);
    this.#giveBack(next);
    // Whoever could be exchanged for the one left out, at no gain, is left out with it.
    this.#branch(others.filter((place) => !this.#isNoBetter(place, next, possible)));
  }

  #item(place: number): Choosable {
    return this.#problem.items[place] as Choosable;
  }

  #fitAll(places: readonly number[]): boolean {
    const taken: number[] = [];
    const fit =
      places.length <= this.#problem.capacity &&
      places.every((place) => {
        if (!this.#fits(place)) return false;
        this.#count(place, 1);
        return taken.push(place) > 0;
      });
    for (const place of taken) this.#count(place, -1);
    return fit;
  }

  #fits(place: number): boolean {
    const { account, network, restricted } = this.#item(place);
    return (
      (account < 0 || (this.#accountRoom[account] ?? 0) > 0) &&
      (network < 0 || !this.#networks.has(network)) &&
      (!restricted || this.#restrictedRoom > 0)
    );
  }

  #gainOf(grouping: number, place: number, further = 0): number {
    const group = this.#item(place).groups[grouping] ?? -1;
    const count = (this.#counts[grouping]?.get(group) ?? 0) + further;
    return concaveGain(this.#problem.gains[grouping] ?? 0, count);
  }

  #added(place: number): number {
    let added = this.#item(place).value;
    for (const grouping of this.#groupings) added += this.#gainOf(grouping, place);
    return added;
  }

  #mostAdded(possible: readonly number[]): number {
    let best = possible[0] as number;
    if (this.#groupings.length === 0) return best;
    let most = Number.NEGATIVE_INFINITY;
    for (const place of possible) {
      const added = this.#added(place);
      if (added > most) {
        most = added;
        best = place;
      }
    }
    return best;
  }

  #take(place: number): void {
    this.#value += this.#added(place);
    this.#chosen.push(place);
    this.#count(place, 1);
  }

  #giveBack(place: number): void {
    this.#chosen.pop();
    this.#count(place, -1);
    this.#value -= this.#added(place);
  }

  #count(place: number, by: 1 | -1): void {
    const { account, network, restricted, groups } = this.#item(place);
    if (account >= 0) this.#accountRoom[account] = (this.#accountRoom[account] ?? 0) - by;
    if (network >= 0) {
      if (by === 1) this.#networks.add(network);
      else this.#networks.delete(network);
    }
    if (restricted) this.#restrictedRoom -= by;
    for (const grouping of this.#groupings) {
      const counts = this.#counts[grouping];
      const group = groups[grouping] ?? -1;
      const before = counts?.get(group) ?? 0;
      const weight = this.#problem.gains[grouping] ?? 0;
      const gain = by === 1 ? concaveGain(weight, before) : -concaveGain(weight, before - 1);
      this.#gained[grouping] = (this.#gained[grouping] ?? 0) + gain;
      counts?.set(group, before + by);
    }
  }

  /** `place` in exchange for `other` in any choice of the branch: allowed, and never better. */
  #isNoBetter(place: number, other: number, possible: readonly number[]): boolean {
    const one = this.#item(place);
    const better = this.#item(other);
    if (one.value > better.value || (better.restricted && !one.restricted)) return false;
    for (const grouping of this.#groupings) {
      if (one.groups[grouping] !== better.groups[grouping]) return false;
    }
    const room = this.#problem.capacity - this.#chosen.length;
    const accountFree =
      better.account < 0 ||
      better.account === one.account ||
      (this.#accountRoom[better.account] ?? 0) >= room;
    return (
      accountFree &&
      (better.network < 0 || better.network === one.network || this.#isAlone(other, possible))
    );
  }

  #isAlone(place: number, possible: readonly number[]): boolean {
    const { network } = this.#item(place);
    return possible.every((other) => other === place || this.#item(other).network !== network);
  }

  /** No choice of at most `room` of these adds more. They come in the order of their values. */
  #boundOf(possible: readonly number[], room: number): number {
    if (this.#groupings.length === 0) return this.#limitedSum(possible, room, undefined);
    if (!this.#isPriced) this.#reprice();
    const open = new Set(possible);
    let bound = Number.POSITIVE_INFINITY;
    for (const pricing of this.#pricings) {
      const places = pricing.order.filter((place) => open.has(place));
      const sum =
        pricing.exact === undefined
          ? this.#limitedSum(places, room, pricing.worth)
          : this.#groupedSum(pricing.exact, places, room, pricing.worth);
      let rest = this.#pricedRest(pricing.exact);
      for (const grouping of this.#groupings) {
        if (grouping === pricing.exact || this.#priced.has(grouping)) continue;
        rest += this.#mostGain(grouping, places, room);
      }
      bound = Math.min(bound, rest + sum);
    }
    return bound;
  }

  /** The most that any choice gains by a grouping. */
  #mostGain(grouping: number, possible: readonly number[], room: number): number {
    const seen = new Map<number, number>();
    const top = new Top(room);
    for (const place of possible) {
      const group = this.#item(place).groups[grouping] ?? -1;
      const count = seen.get(group) ?? 0;
      seen.set(group, count + 1);
      if (count < room) top.add(this.#gainOf(grouping, place, count));
    }
    return top.sum;
  }

  /** What the tangents say of the groupings beyond what is counted already, before anybody else is chosen. */
  #pricedRest(exact: number | undefined): number {
    let rest = 0;
    for (const grouping of this.#priced) {
      if (grouping === exact) continue;
      const { constant, slopes } = this.#tangents[grouping] as Tangents;
      rest += constant - (this.#gained[grouping] ?? 0);
      for (const [group, count] of this.#counts[grouping] ?? []) {
        rest += count * (slopes.get(group) ?? 0);
      }
    }
    return rest;
  }

  /** Tangents at the best choice, and the items in the order of their worth by them. */
  #reprice(): void {
    this.#isPriced = true;
    for (const grouping of this.#priced) this.#tangents[grouping] = this.#tangentsOf(grouping);
    const items = this.#problem.items;
    this.#pricings = [undefined, ...this.#groupings].map((exact) => {
      const worth = Float64Array.from(items, ({ value, groups }) => {
        let sum = value;
        for (const grouping of this.#priced) {
          if (grouping === exact) continue;
          sum += this.#tangents[grouping]?.slopes.get(groups[grouping] ?? -1) ?? 0;
        }
        return sum;
      });
      const order = items.map((_, place) => place);
      order.sort((one, other) => (worth[other] as number) - (worth[one] as number) || one - other);
      return { exact, worth, order };
    });
  }

  #tangentsOf(grouping: number): Tangents {
    const weight = this.#problem.gains[grouping] ?? 0;
    const counts = new Map(this.#problem.groupCounts[grouping]);
    for (const place of this.#best) {
      const group = this.#item(place).groups[grouping] ?? -1;
      counts.set(group, (counts.get(group) ?? 0) + 1);
    }
    const slopes = new Map<number, number>();
    let constant = 0;
    const groups = new Set([
      ...counts.keys(),
      ...this.#problem.items.map((item) => item.groups[grouping] ?? -1),
    ]);
    for (const group of groups) {
      const count = counts.get(group) ?? 0;
      // Between the last gain and the next one every slope touches; of a group without any, the first gain is the least.
      const next = concaveGain(weight, count);
      const slope = count === 0 ? next : Math.ceil((concaveGain(weight, count - 1) + next) / 2);
      slopes.set(group, slope);
      constant += totalGain(weight, count) - slope * count;
    }
    return { constant, slopes };
  }

  /** The best sum of worth with one kind of limit alone, whichever is the least. */
  #limitedSum(possible: readonly number[], room: number, worth: Float64Array | undefined): number {
    const used = new Map<number, number>();
    const seen = new Set<number>();
    let byAccount = 0;
    let byNetwork = 0;
    let byRestriction = 0;
    let accounts = 0;
    let networks = 0;
    let all = 0;
    let restricted = 0;
    for (const place of possible) {
      if (accounts >= room && networks >= room && all >= room) break;
      const item = this.#item(place);
      const value = worth?.[place] ?? item.value;
      const count = used.get(item.account) ?? 0;
      const accountFull = item.account >= 0 && count >= (this.#accountRoom[item.account] ?? 0);
      if (accounts < room && !accountFull) {
        used.set(item.account, count + 1);
        byAccount += value;
        accounts += 1;
      }
      if (networks < room && (item.network < 0 || !seen.has(item.network))) {
        seen.add(item.network);
        byNetwork += value;
        networks += 1;
      }
      if (all < room && (!item.restricted || restricted < this.#restrictedRoom)) {
        if (item.restricted) restricted += 1;
        byRestriction += value;
        all += 1;
      }
    }
    return Math.min(byAccount, byNetwork, byRestriction);
  }

  /** The best sum of worth and of the gains of one grouping, without any other limit: exact, as both only fall. */
  #groupedSum(
    grouping: number,
    possible: readonly number[],
    room: number,
    worth: Float64Array,
  ): number {
    const seen = new Map<number, number>();
    const top = new Top(room);
    for (const place of possible) {
      const group = this.#item(place).groups[grouping] ?? -1;
      const count = seen.get(group) ?? 0;
      seen.set(group, count + 1);
      if (count < room) top.add((worth[place] as number) + this.#gainOf(grouping, place, count));
    }
    return top.sum;
  }
}

/** A line above the gain of every group, whatever its count: they touch at the best known choice. */
interface Tangents {
  /** Of all groups together. */
  readonly constant: number;
  readonly slopes: ReadonlyMap<number, number>;
}

interface Pricing {
  /** The grouping that is counted exactly; undefined: the limits by account and network are. */
  readonly exact: number | undefined;
  /** By place: the value with the prices of the other groupings. */
  readonly worth: Float64Array;
  readonly order: readonly number[];
}

/** Of so many in one group together. */
function totalGain(weight: number, count: number): number {
  let sum = 0;
  for (let before = 0; before < count; before += 1) sum += concaveGain(weight, before);
  return sum;
}

/** The largest so many of the numbers that were added, and their sum. */
class Top {
  readonly #room: number;
  readonly #kept: number[] = [];
  sum = 0;

  constructor(room: number) {
    this.#room = room;
  }

  add(value: number): void {
    const kept = this.#kept;
    if (kept.length >= this.#room) {
      const least = kept[kept.length - 1] ?? Number.NEGATIVE_INFINITY;
      if (value <= least) return;
      kept.pop();
      this.sum -= least;
    }
    let at = kept.length;
    while (at > 0 && (kept[at - 1] as number) < value) at -= 1;
    kept.splice(at, 0, value);
    this.sum += value;
  }
}
