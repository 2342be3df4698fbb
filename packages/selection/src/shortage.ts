// Why a server has too few usable active monitors. Two results make no median, so three is the least.

import type { Field } from "./standing.ts";
import type { Target } from "./target.ts";

/** Below this number of usable active monitors a server is short of them. */
export const USABLE_MIN = 3;

/**
 * `no_monitor`: none that may be active; `in_progress`: the next reviews mend it; `silent`, `unhealthy`: there are
 * monitors, but they are that; `limits`: the rules about networks and accounts keep usable ones away; `too_few_monitors`: all
 * there are work.
 */
export type Shortage =
  | "no_monitor"
  | "in_progress"
  | "limits"
  | "unhealthy"
  | "silent"
  | "too_few_monitors";

/** Undefined: there are enough. */
export function shortageOf(
  { standings }: Field,
  target: Target,
  usableAfter: number,
): Shortage | undefined {
  if (usableAfter >= USABLE_MIN) return undefined;
  if (target.usable.size > usableAfter) return "in_progress";
  const live = standings.filter(
    ({ facts, role }) => facts.globalStatus === "active" && role !== "scorer",
  );
  if (live.length === 0) return "no_monitor";
  const promotable = live.filter(({ promotable: is }) => is);
  if (promotable.filter(({ usable }) => usable).length > usableAfter) return "limits";
  if (live.length > promotable.length) return "limits";
  if (promotable.some(({ fresh }) => !fresh)) return "silent";
  return promotable.some(({ healthy }) => !healthy) ? "unhealthy" : "too_few_monitors";
}
