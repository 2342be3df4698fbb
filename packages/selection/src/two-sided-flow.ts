// The most that any choice could add if every monitor stood in one group on the left and in one on the right, and every
// account kept within a group on the left, every network within one on the right. Each monitor is then an arc of a flow
// (left group → account → monitor → network → right group), and augmenting along the best path again and again is exact.
// Where an account or network spans several groups, its limit is held in each of them alone: more is allowed than may be,
// so that the result is a bound.

import {
  bestEnd,
  createFlowSide,
  type FlowSide,
  NONE,
  openFlowSide,
  reachGroups,
  reachLeaves,
  startLeft,
  startRight,
} from "./flow-side.ts";
import type { PartialChoice } from "./partial-choice.ts";

/** The best flow. */
export interface FlowResult {
  readonly value: number;
  /** The items of the flow. */
  readonly picked: readonly number[];
}

/** Flows over any of the items of one search. */
export class TwoSidedFlow {
  readonly #partial: PartialChoice;
  readonly #left: FlowSide;
  readonly #right: FlowSide;
  readonly #isPicked: Uint8Array;

  constructor(partial: PartialChoice) {
    this.#partial = partial;
    const [left, right] = partial.groupings;
    const { items } = partial;
    this.#left = createFlowSide(
      left,
      items.map(({ account }) => account),
    );
    this.#right = createFlowSide(
      right,
      items.map(({ network }) => network),
    );
    this.#isPicked = new Uint8Array(items.length);
  }

  /** Limits that the flow holds in parts alone. */
  get spanningAccounts(): readonly number[] {
    return this.#left.spanning;
  }

  get spanningNetworks(): readonly number[] {
    return this.#right.spanning;
  }

  /** Of at most `room` of the open ones, each worth so much by itself. */
  most(open: readonly number[], room: number, worth: Float64Array): FlowResult {
    const { accountRoom } = this.#partial;
    openFlowSide(this.#left, open, (account) => accountRoom[account] as number);
    openFlowSide(this.#right, open, () => 1);
    for (const place of open) this.#isPicked[place] = 0;
    let value = 0;
    let picked: readonly number[] = [];
    for (let count = 0; count < room; count += 1) {
      this.#explore(open, picked, worth);
      const end = bestEnd(this.#right);
      if (end === undefined || end.gain <= 0) break;
      value += end.gain;
      this.#augment(end.group);
      picked = open.filter((place) => this.#isPicked[place] === 1);
    }
    return { value, picked };
  }

  /** The best path from the source to every node, over what the flow so far leaves. */
  #explore(open: readonly number[], picked: readonly number[], worth: Float64Array): void {
    const left = this.#left;
    const right = this.#right;
    startLeft(left);
    startRight(right);
    for (let changed = true; changed; ) {
      reachLeaves(left, "room");
      this.#cross(open, worth);
      reachGroups(right, "room");
      changed = reachLeaves(right, "back");
      changed = this.#crossBack(picked, worth) || changed;
      changed = reachGroups(left, "back") || changed;
    }
  }

  #cross(open: readonly number[], worth: Float64Array): void {
    const { leafOf: fromOf, reach: from } = this.#left;
    const { leafOf: toOf, reach: to, via } = this.#right;
    for (const place of open) {
      if (this.#isPicked[place] === 1) continue;
      const leaf = toOf[place] as number;
      const gain = (from[fromOf[place] as number] as number) + (worth[place] as number);
      if (gain <= (to[leaf] as number)) continue;
      to[leaf] = gain;
      via[leaf] = place;
    }
  }

  #crossBack(picked: readonly number[], worth: Float64Array): boolean {
    const { leafOf: toOf, reach: to, via } = this.#left;
    const { leafOf: fromOf, reach: from } = this.#right;
    let changed = false;
    for (const place of picked) {
      const leaf = toOf[place] as number;
      const gain = (from[fromOf[place] as number] as number) - (worth[place] as number);
      if (gain <= (to[leaf] as number)) continue;
      to[leaf] = gain;
      via[leaf] = place;
      changed = true;
    }
    return changed;
  }

  /** Along the path that ends in this right group, backwards. */
  #augment(end: number): void {
    const left = this.#left;
    const right = this.#right;
    right.counts[end] = (right.counts[end] as number) + 1;
    for (let group = end; group !== NONE; ) {
      let leaf = right.groupVia[group] as number;
      right.used[leaf] = (right.used[leaf] as number) + 1;
      // Back and forth between monitors that come and that go, until the path came through a group.
      for (;;) {
        const comes = right.via[leaf] as number;
        if (comes === NONE) {
          // The path came down from the group of this leaf.
          right.used[leaf] = (right.used[leaf] as number) - 1;
          group = right.groupOf[leaf] as number;
          break;
        }
        this.#isPicked[comes] = 1;
        const account = left.leafOf[comes] as number;
        const goes = this.#upLeft(account);
        if (goes === NONE) return;
        this.#isPicked[goes] = 0;
        leaf = right.leafOf[goes] as number;
      }
    }
  }

  /** From an account's leaf on the left to the source, or to the monitor that gives its place up. */
  #upLeft(start: number): number {
    const left = this.#left;
    for (let leaf = start; ; ) {
      const goes = left.via[leaf] as number;
      if (goes !== NONE) return goes;
      left.used[leaf] = (left.used[leaf] as number) + 1;
      const group = left.groupOf[leaf] as number;
      const from = left.groupVia[group] as number;
      if (from === NONE) {
        left.counts[group] = (left.counts[group] as number) + 1;
        return NONE;
      }
      left.used[from] = (left.used[from] as number) - 1;
      leaf = from;
    }
  }
}
