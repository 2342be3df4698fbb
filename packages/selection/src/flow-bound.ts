// A number that no choice on a branch adds more than: the flow's value, with prices for whatever the flow does not hold (an
// account or network that spans several groups, the restricted ones, and all groupings but two). A limit that is broken
// gets dearer until it is not; a concave gain lies below each of its tangents, which are moved to where they touch. Any
// prices give a bound (a Lagrangian relaxation); good ones give a tight one, and mostly the best choice itself.

import { LimitPrices } from "./limit-prices.ts";
import type { PartialChoice } from "./partial-choice.ts";
import type { Prices } from "./prices.ts";
import { Tangents } from "./tangents.ts";
import { TwoSidedFlow } from "./two-sided-flow.ts";

/** What a branch can add, by the flow. */
export interface Relaxed {
  /** No choice of the open ones adds more. */
  readonly bound: number;
  /** What reaches the bound, and perhaps breaks a limit. */
  readonly picked: readonly number[];
}

/** Rounds of moving the prices at one branch: each costs a flow. */
const ROUNDS_MAX = 12;

/** The bound of every branch of one search; its prices go on from where the last branch left them. */
export class FlowBound {
  readonly #partial: PartialChoice;
  readonly #flow: TwoSidedFlow;
  readonly #worth: Float64Array;
  readonly #prices: readonly Prices[];

  /** @param touching a good choice, from which the prices start. */
  constructor(partial: PartialChoice, touching: readonly number[]) {
    this.#partial = partial;
    this.#flow = new TwoSidedFlow(partial);
    this.#worth = new Float64Array(partial.items.length);
    const { spanningAccounts: accounts, spanningNetworks: networks } = this.#flow;
    this.#prices = pricesBeside(partial, { accounts, networks }, touching);
  }

  /**
   * @param consider is told of every choice that reaches a bound, and says above which bound a search is worth it.
   */
  of(open: readonly number[], consider: (picked: readonly number[]) => number): Relaxed {
    const { room } = this.#partial;
    let bound = Number.POSITIVE_INFINITY;
    let best: readonly number[] = [];
    for (let round = 0; round < ROUNDS_MAX; round += 1) {
      this.#price(open);
      const { value, picked } = this.#flow.most(open, room, this.#worth);
      const reached = this.#prices.reduce((sum, prices) => sum + prices.constant(room), value);
      if (reached < bound) {
        bound = reached;
        best = picked;
      }
      const floor = consider(picked);
      if (bound <= floor || !this.#move(picked, reached - floor)) break;
    }
    return { bound, picked: best };
  }

  #price(open: readonly number[]): void {
    for (const place of open) {
      let worth = this.#partial.item(place).value;
      for (const prices of this.#prices) worth += prices.worthOf(place);
      this.#worth[place] = worth;
    }
  }

  /** As far as would close the gap, were the bound as steep all the way. False: the bound is exact, or nothing moves. */
  #move(picked: readonly number[], gap: number): boolean {
    const { room } = this.#partial;
    let strain = 0;
    for (const prices of this.#prices) strain += prices.strain(picked, room);
    if (strain === 0) return false;
    let moved = false;
    for (const prices of this.#prices) moved = prices.move(gap / strain) || moved;
    return moved;
  }
}

/** Of everything that the flow's sides do not hold. */
function pricesBeside(
  partial: PartialChoice,
  spanning: { readonly accounts: readonly number[]; readonly networks: readonly number[] },
  touching: readonly number[],
): readonly Prices[] {
  const { items, accountRoom, networkTaken } = partial;
  const prices: Prices[] = partial.groupings
    .slice(2)
    .map((grouping) => new Tangents(grouping, touching));
  const keyed = (keys: readonly number[], keyOf: (place: number) => number): Int32Array => {
    const priced = new Set(keys);
    return Int32Array.from(items, (_, place) => (priced.has(keyOf(place)) ? keyOf(place) : -1));
  };
  const { accounts, networks } = spanning;
  if (accounts.length > 0) {
    const keyOf = keyed(accounts, (place) => partial.item(place).account);
    prices.push(new LimitPrices(keyOf, accounts, (account) => accountRoom[account] as number));
  }
  if (networks.length > 0) {
    const keyOf = keyed(networks, (place) => partial.item(place).network);
    prices.push(
      new LimitPrices(keyOf, networks, (network) => 1 - (networkTaken[network] as number)),
    );
  }
  if (items.some(({ restricted }) => restricted)) {
    const keyOf = keyed([0], (place) => (partial.item(place).restricted ? 0 : -1));
    prices.push(new LimitPrices(keyOf, [0], () => partial.restrictedRoom));
  }
  return prices;
}
