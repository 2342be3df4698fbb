// The score `every`: one score over the results of all monitors, as if they were one. The NTP Pool's oldest scorer, kept
// beside the recent median for comparison, with its own idea of the cap.

import { SCORE_DECAY } from "./score-step.ts";

/** One result of any monitor. */
export interface EveryStep {
  /** What the outcome was worth. */
  readonly step: number;
  /** Absent: the result has none. */
  readonly offsetNs: bigint | undefined;
}

/** Beyond it the score is not stepped but set. Strictly greater. */
const OFFSET_FAR_NS = 3_000_000_000n;
const SCORE_WHEN_FAR = -20;

/**
 * The score after one more result: `before` x 0.95 + step; an offset beyond 3 s sets it to -20, which can also raise it.
 * The other caps of the step table are not known here.
 */
export function everyScore(before: number, { step, offsetNs }: EveryStep): number {
  if (offsetNs !== undefined && (offsetNs > OFFSET_FAR_NS || offsetNs < -OFFSET_FAR_NS)) {
    return SCORE_WHEN_FAR;
  }
  return before * SCORE_DECAY + step;
}
