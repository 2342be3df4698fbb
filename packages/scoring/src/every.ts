// The score `every`: one score over the results of all monitors, as if they were one. The NTP Pool's oldest scorer, kept
// beside the recent median for comparison, with its own idea of the cap.

import { NTP_POOL_EVERY } from "./ntp-pool-rules.ts";
import type { RuleSet } from "./rule-set.ts";

/** One result of any monitor. */
export interface EveryStep {
  /** What the outcome was worth. */
  readonly step: number;
  /** Absent: the result has none. */
  readonly offsetNs: bigint | undefined;
}

/**
 * The score after one more result: `before` x decay + step; an offset beyond the limit (the NTP Pool's: 3 s) sets it (to
 * -20), which can also raise it. The caps of the step table are not known here.
 */
export function everyScore(
  before: number,
  { step, offsetNs }: EveryStep,
  { decay, every }: Pick<RuleSet, "decay" | "every"> = NTP_POOL_EVERY,
): number {
  const { offsetFarNs, scoreWhenFar } = every;
  if (offsetNs !== undefined && (offsetNs > offsetFarNs || offsetNs < -offsetFarNs)) {
    return scoreWhenFar;
  }
  return before * decay + step;
}
