// How many changes of each kind a review may make.

import type { Movable } from "./movable.ts";
import type { Field } from "./standing.ts";

/** How many changes of each kind a review may make. */
export interface Budget {
  readonly toActive: number;
  readonly toTesting: number;
  readonly removals: number;
}

/** By how many active ones are usable, and how many were paused or deleted. */
export function budgetOf({ policy, standings }: Field, { active, forced }: Movable): Budget {
  const usable = active.filter((place) => standings[place]?.usable).length;
  const each =
    (usable < policy.shortageBelow ? policy.shortageBudget : policy.budget) ??
    Number.POSITIVE_INFINITY;
  // Whoever was paused is replaced at once.
  const replaced = forced.length;
  return { toActive: each + replaced, toTesting: each + replaced, removals: each };
}
