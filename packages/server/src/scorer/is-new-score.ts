// Whether an overall score is worth a row of history: the NTP Pool's rule, on the computed score. Only the history is
// thinned out; the score itself is always updated.

import type { UnixNs } from "@truechimer/base";

export interface LoggedScore {
  readonly atNs: UnixNs;
  readonly score: number;
  /** Rule set as "name/version". */
  readonly ruleSet: string;
}

const EQUAL_WITHIN = 1e-12;
const CLOSE_SHARE = 0.05;
const MINUTE_NS = 60_000_000_000n;
const EQUAL_FOR_NS = 15n * MINUTE_NS;
const CLOSE_FOR_NS = 5n * MINUTE_NS;

/** `last`: the newest row that was kept. The first score under another rule set is new. Exactly 15 (or 5) minutes later is new. */
export function isNewScore(next: LoggedScore, last: LoggedScore | undefined): boolean {
  if (last === undefined) return true;
  if (next.atNs < last.atNs) return false;
  if (next.ruleSet !== last.ruleSet) return true;
  const difference = Math.abs(next.score - last.score);
  if (difference <= EQUAL_WITHIN && next.atNs < last.atNs + EQUAL_FOR_NS) return false;
  return !(isClose(difference, last.score) && next.atNs < last.atNs + CLOSE_FOR_NS);
}

function isClose(difference: number, last: number): boolean {
  return difference <= EQUAL_WITHIN || difference <= CLOSE_SHARE * Math.abs(last);
}
