// Whom a review promotes once it is settled who leaves: the most usable active monitors, those of the target first; then
// testing ones beside them, as far as the budget and the limits allow. Whoever is promoted is counted in the tally.

import type { Budget } from "./budget.ts";
import type { Choosable, OutOfTime } from "./choice-problem.ts";
import { chooseBest } from "./choose-best.ts";
import type { Movable } from "./movable.ts";
import type { Field, Standing } from "./standing.ts";
import type { Tally } from "./tally.ts";
import type { Target } from "./target.ts";
import { COUNT_VALUE, costValue, testingValue } from "./value.ts";

/** Goes before any quality, and after the number. */
const TARGET_VALUE = 1e11;
const PROMOTABLE_VALUE = 1e10;

/** What promotions depend on; the tally changes with them. */
export interface PromotionInput {
  readonly field: Field;
  readonly target: Target;
  readonly movable: Movable;
  readonly budget: Budget;
  readonly tally: Tally;
  readonly outOfTime: OutOfTime;
}

interface Candidate {
  readonly place: number;
  readonly item: Choosable;
}

/** The best promotions for whoever has left the tally. */
export class Promotions {
  readonly #input: PromotionInput;
  /** Usable with enough data; usable; and the last resort: whoever the target takes although it is of little use. */
  readonly #ready: readonly Candidate[];
  readonly #early: readonly Candidate[];
  readonly #useless: readonly Candidate[];
  /** Not working yet, in the order in which they find room. */
  readonly #direct: readonly number[];
  readonly #arrivals: readonly Candidate[];
  readonly #neededArrivals: readonly Candidate[];
  /** As things were when the review began. */
  readonly #activeBefore: number;
  readonly #workingBefore: number;
  readonly #activeByAccount: Int32Array;
  readonly #activeByNetwork: Int32Array;

  constructor(input: PromotionInput) {
    const { movable, tally } = input;
    this.#input = input;
    const promotable = movable.promotable.map((place) => this.#activeCandidate(place));
    const isReady = ({ place }: Candidate): boolean =>
      this.#at(place).usable && this.#at(place).activeGateMet;
    this.#ready = promotable.filter(isReady);
    this.#early = promotable.filter((one) => this.#at(one.place).usable && !isReady(one));
    this.#useless = promotable.filter(({ place }) => !this.#at(place).usable);
    this.#direct = movable.promotable.filter((place) => tally.isWorking[place] === 0);
    this.#arrivals = movable.arrivals.map((place) => this.#testingCandidate(place, 0));
    this.#neededArrivals = movable.arrivals.map((place) =>
      this.#testingCandidate(place, this.#at(place).promotable ? PROMOTABLE_VALUE : 0),
    );
    this.#activeBefore = tally.active;
    this.#workingBefore = tally.working;
    this.#activeByAccount = tally.activeByAccount.slice();
    this.#activeByNetwork = tally.activeByNetwork.slice();
  }

  /** Counted in the tally; `takeBack` undoes it. */
  toActive(): readonly number[] {
    const { field, tally } = this.#input;
    const stays = tally.active;
    const admitted = this.#direct.length === 0 ? [] : this.#admitted();
    const chosen: number[] = [];
    const add = (candidates: readonly Candidate[], most: number): void => {
      const possible = candidates.filter(
        ({ place }) => tally.isWorking[place] === 1 || admitted.includes(place),
      );
      for (const place of this.#bestActive(possible, most, chosen.length)) {
        chosen.push(place);
        if (tally.isWorking[place] === 0) tally.countWorking(place, 1);
        tally.countActive(place, 1);
      }
    };
    add(this.#ready, Number.POSITIVE_INFINITY);
    add(this.#early, field.policy.relaxBelow.dataGate - tally.usableActive);
    if (stays + chosen.length === 0) add(this.#useless, 1);
    return chosen;
  }

  /** After `toActive`; counted likewise. */
  toTesting(): readonly number[] {
    const { field, budget, tally } = this.#input;
    const { policy, accountLimits } = field;
    const room = policy.activeTarget + policy.testingTarget - tally.working;
    const capacity = Math.min(budget.toTesting, room);
    if (capacity <= 0) return [];
    const needed = tally.promotableTesting < policy.promotableMin;
    const possible = (needed ? this.#neededArrivals : this.#arrivals).filter(
      ({ place }) => tally.isWorking[place] === 0,
    );
    const { chosen } = chooseBest(
      {
        ...problemOf(possible),
        capacity,
        accountRoom: (account) =>
          of(accountLimits, account) + 1 - of(tally.workingByAccount, account),
        isNetworkTaken: (network) => of(tally.workingByNetwork, network) > 0,
      },
      this.#input.outOfTime,
    );
    const places = chosen.map((index) => (possible[index] as Candidate).place);
    for (const place of places) tally.countWorking(place, 1);
    return places;
  }

  takeBack(toActive: readonly number[], toTesting: readonly number[]): void {
    const { tally } = this.#input;
    for (const place of toTesting) tally.countWorking(place, -1);
    for (const place of toActive) {
      tally.countActive(place, -1);
      if (this.#direct.includes(place)) tally.countWorking(place, -1);
    }
  }

  #at(place: number): Standing {
    return this.#input.field.standings[place] as Standing;
  }

  #activeCandidate(place: number): Candidate {
    const { account, network, cost } = this.#at(place);
    const { target, movable } = this.#input;
    const exempt = movable.exempt.has(place);
    const wanted = target.active.has(place) ? TARGET_VALUE : 0;
    return {
      place,
      item: {
        value: COUNT_VALUE + wanted - costValue(cost),
        account: exempt ? -1 : account,
        network: exempt ? -1 : network,
        groups: [],
        restricted: false,
      },
    };
  }

  #testingCandidate(place: number, needed: number): Candidate {
    const { field, target } = this.#input;
    const standing = this.#at(place);
    const wanted = target.active.has(place) ? TARGET_VALUE : 0;
    const { account, network } = standing;
    const value = COUNT_VALUE + wanted + needed + testingValue(standing, field);
    return { place, item: { value, account, network, groups: [], restricted: false } };
  }

  /** Who finds room among the working ones without having been tested. */
  #admitted(): readonly number[] {
    const { field, tally } = this.#input;
    const { activeTarget, testingTarget } = field.policy;
    const used = new Map<number, number>();
    let free = Math.max(activeTarget + testingTarget, this.#workingBefore) - tally.working;
    return this.#direct.filter((place) => {
      const { account, network } = this.#at(place);
      if (free <= 0 || (network >= 0 && of(tally.workingByNetwork, network) > 0)) return false;
      if (account >= 0) {
        const before = used.get(account) ?? of(tally.workingByAccount, account);
        used.set(account, before + 1);
        if (before > of(field.accountLimits, account)) return false;
      }
      free -= 1;
      return true;
    });
  }

  #bestActive(
    possible: readonly Candidate[],
    most: number,
    chosenBefore: number,
  ): readonly number[] {
    const { field, target, budget, tally, outOfTime } = this.#input;
    // Of too many a useless one may make room for one of use: they are no more than before.
    const instead = Math.min(
      this.#activeBefore - tally.active,
      target.usable.size - tally.usableActive,
    );
    const room = Math.max(field.policy.activeTarget - tally.active, instead);
    const capacity = Math.min(most, budget.toActive - chosenBefore, room);
    if (capacity <= 0 || possible.length === 0) return [];
    // As many as the limit allows, or as there were before: nothing is made worse.
    const { chosen } = chooseBest(
      {
        ...problemOf(possible),
        capacity,
        accountRoom: (account) =>
          Math.max(of(field.accountLimits, account), of(this.#activeByAccount, account)) -
          of(tally.activeByAccount, account),
        isNetworkTaken: (network) =>
          of(tally.activeByNetwork, network) >= Math.max(1, of(this.#activeByNetwork, network)),
      },
      outOfTime,
    );
    return chosen.map((index) => (possible[index] as Candidate).place);
  }
}

/** Of an account or network that there is. */
function of(counts: ArrayLike<number>, key: number): number {
  return counts[key] as number;
}

function problemOf(candidates: readonly Candidate[]): {
  readonly items: readonly Choosable[];
  readonly gains: readonly [];
  readonly chosenBefore: () => number;
  readonly restrictedMax: 0;
} {
  return {
    items: candidates.map(({ item }) => item),
    gains: [],
    chosenBefore: () => 0,
    restrictedMax: 0,
  };
}
