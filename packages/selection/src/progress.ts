// How far changes bring the assignments towards the target.

import type { Movable } from "./movable.ts";
import type { Field, Standing } from "./standing.ts";
import type { Target } from "./target.ts";

/** Points for changes; higher is nearer. */
export class Progress {
  readonly #field: Field;
  readonly #target: Target;
  readonly #movable: Movable;
  readonly #usableBeyond: number;
  /** So many active ones there should be at all, usable or not. */
  readonly floor: number;

  constructor(field: Field, target: Target, movable: Movable) {
    this.#field = field;
    this.#target = target;
    this.#movable = movable;
    const usable = movable.active.filter((place) => field.standings[place]?.usable).length;
    this.#usableBeyond = Math.max(0, usable - target.usable.size);
    this.floor = Math.min(field.policy.activeFloor, target.active.size);
  }

  /**
   * A removal brings the target nearer. Not so that of a monitor that must come back, or of a usable active one whose
   * place is not needed yet: for one that the target has, or by one that it keeps out.
   * @param towards how many of the target become active beside them.
   */
  ofRemovals(removed: readonly number[], towards: number): number {
    const { blockers, fullAccounts } = this.#movable;
    let sum = 0;
    let unneeded = -towards - this.#usableBeyond;
    for (const place of removed) {
      sum += blockers.has(place) ? -1 : 1;
      const { facts, usable, account } = this.#field.standings[place] as Standing;
      const isUsable = facts.status === "active" && usable;
      if (isUsable && !fullAccounts.has(account)) unneeded += 1;
    }
    return sum - 2 * Math.max(0, unneeded);
  }

  /** Who will be active counts twice. */
  ofArrival(place: number): number {
    return this.#target.active.has(place) ? 2 : 1;
  }
}
