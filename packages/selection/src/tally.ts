// The assignments of a server while a step is searched: how many work in each network and of each account, and how much they
// break the limits. Every move is counted as it is made and as it is taken back.

import type { Movable } from "./movable.ts";
import type { Field, Standing } from "./standing.ts";
import type { Target } from "./target.ts";

/** How much a broken limit counts. */
const WEIGHTS = { excluded: 8, limit: 4, network: 4, retiring: 2, unfit: 2, size: 1 } as const;

/** Counts by account, by network, and of what is broken. */
export class Tally {
  readonly #field: Field;
  readonly #target: Target;
  readonly activeByAccount: Int32Array;
  readonly activeByNetwork: Int32Array;
  readonly workingByAccount: Int32Array;
  readonly workingByNetwork: Int32Array;
  /** By place: active or testing. */
  readonly isWorking: Uint8Array;
  active = 0;
  working = 0;
  usableActive = 0;
  eligibleActive = 0;
  /** Testing ones that may become active. */
  promotableTesting = 0;
  /** Broken limits, weighed. */
  violations = 0;

  constructor(field: Field, target: Target, { active, testing }: Movable) {
    this.#field = field;
    this.#target = target;
    this.activeByAccount = new Int32Array(field.accountLimits.length);
    this.workingByAccount = new Int32Array(field.accountLimits.length);
    this.activeByNetwork = new Int32Array(field.networks);
    this.workingByNetwork = new Int32Array(field.networks);
    this.isWorking = new Uint8Array(field.standings.length);
    for (const place of active) {
      this.countWorking(place, 1);
      this.countActive(place, 1);
    }
    for (const place of testing) this.countWorking(place, 1);
  }

  /** Becomes active, or is no longer; it works before and after. */
  countActive(place: number, by: 1 | -1): void {
    const { account, usable, role, promotable, network } = this.#at(place);
    this.active += by;
    if (usable) this.usableActive += by;
    if (role === "eligible") this.eligibleActive += by;
    if (promotable) this.promotableTesting -= by;
    const { policy, accountLimits } = this.#field;
    this.violations += by * WEIGHTS.size * excessOf(this.active, by, policy.activeTarget);
    if (network >= 0) bump(this.activeByNetwork, network, by);
    if (account < 0) return;
    const count = bump(this.activeByAccount, account, by);
    const limit = accountLimits[account] as number;
    this.violations += by * WEIGHTS.limit * excessOf(count, by, limit);
  }

  /** Begins or ends to work, as a testing one. */
  countWorking(place: number, by: 1 | -1): void {
    const { account, network, promotable } = this.#at(place);
    const { policy, accountLimits } = this.#field;
    this.working += by;
    this.isWorking[place] = by === 1 ? 1 : 0;
    if (promotable) this.promotableTesting += by;
    const most = policy.activeTarget + policy.testingTarget;
    this.violations += by * this.#unfitness(place);
    this.violations += by * WEIGHTS.size * excessOf(this.working, by, most);
    if (network >= 0) {
      const count = bump(this.workingByNetwork, network, by);
      this.violations += by * WEIGHTS.network * excessOf(count, by, 1);
    }
    if (account < 0) return;
    const count = bump(this.workingByAccount, account, by);
    const limit = (accountLimits[account] as number) + 1;
    this.violations += by * WEIGHTS.limit * excessOf(count, by, limit);
  }

  /** What one that leaves can mend at most, as things are; `stays`: as a testing one. */
  mendsAtMost(place: number, stays: boolean, isActive: boolean): number {
    const { account, network } = this.#at(place);
    const { policy, accountLimits } = this.#field;
    const limit = account < 0 ? Number.POSITIVE_INFINITY : (accountLimits[account] as number);
    // Of no account or network there are none.
    const isOver = (counts: Int32Array, key: number, most: number): boolean =>
      key >= 0 && (counts[key] as number) > most;
    let sum = 0;
    if (isActive) {
      if (this.active > policy.activeTarget) sum += WEIGHTS.size;
      if (isOver(this.activeByAccount, account, limit)) sum += WEIGHTS.limit;
    }
    if (stays) return sum;
    sum += this.#unfitness(place);
    if (this.working > policy.activeTarget + policy.testingTarget) sum += WEIGHTS.size;
    if (isOver(this.workingByAccount, account, limit + 1)) sum += WEIGHTS.limit;
    if (isOver(this.workingByNetwork, network, 1)) sum += WEIGHTS.network;
    return sum;
  }

  /** Of a working monitor that the target does without. */
  #unfitness(place: number): number {
    if (this.#target.active.has(place) || this.#target.testing.has(place)) return 0;
    const { role, healthy, fresh } = this.#at(place);
    if (role === "excluded") return WEIGHTS.excluded;
    if (role === "retiring") return WEIGHTS.retiring;
    return healthy && fresh ? 0 : WEIGHTS.unfit;
  }

  #at(place: number): Standing {
    return this.#field.standings[place] as Standing;
  }
}

function bump(counts: Int32Array, index: number, by: 1 | -1): number {
  const count = (counts[index] as number) + by;
  counts[index] = count;
  return count;
}

/** 1: the one that came, or that left, was one too many. */
function excessOf(count: number, by: 1 | -1, limit: number): number {
  return (by === 1 ? count : count + 1) > limit ? 1 : 0;
}
