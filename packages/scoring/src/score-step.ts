// What the outcome of one check is worth to the server, and how the score of one monitor for one server goes on from
// there. The numbers are the NTP Pool's, so that scores can be compared; other than there, coded reasons decide and not
// the text of a message. The leap indicator has no part in it: an agent that minds it reports `not_synchronised`.

import { formatDurationNs, formatOffset } from "@truechimer/base";
import { isAgentFault } from "@truechimer/ntp";

/** The score keeps this much of itself from check to check; with a steady step it tends to 20 × step. */
export const SCORE_DECAY = 0.95;

/** What the step looks at in the status of a check. */
export interface ScoredStatus {
  /** Nothing came back that can be judged. */
  readonly noResponse: boolean;
  /** A coded reason; undefined when the check succeeded. */
  readonly reason: string | undefined;
  readonly offsetNs: bigint | undefined;
  /** 0 when unknown. */
  readonly stratum: number;
}

/** The worth of one check, with the row of the table that gave it. */
export interface ScoreStep {
  readonly step: number;
  /** The new score is at most this. */
  readonly cap: number | undefined;
  /** False when the check says nothing about the server: the score stays as it is, and nothing is recorded. */
  readonly counts: boolean;
  /** The row of the table. */
  readonly rule: StepRule;
  /** The row in words, with the numbers of this status. */
  readonly ruleText: string;
}

/** The rows of the step table, first match first. */
export const STEP_RULES = [
  "agent_fault",
  "no_response",
  "rate_limited",
  "access_denied",
  "stratum_zero",
  "failed",
  "offset_above_3s",
  "stratum_8_or_more",
  "offset_above_750ms",
  "offset_above_100ms",
  "offset_above_25ms",
  "offset_good",
] as const;

/** The name of a row of the step table. */
export type StepRule = (typeof STEP_RULES)[number];

/** Above this the clock is of no use, and the score is capped. Nanoseconds, as all three. */
const OFFSET_USELESS_NS = 3_000_000_000n;
const OFFSET_BAD_NS = 750_000_000n;
const OFFSET_GOOD_NS = 25_000_000n;
/** Compared as seconds in floating point, "at most", as the NTP Pool does. */
const OFFSET_KNOT_SECONDS = 0.1;
const STRATUM_HIGH = 8;
const STEP_MAX = 1;

/** The step of one status: the first row that fits. */
export function scoreStep(status: ScoredStatus): ScoreStep {
  const { noResponse, reason, offsetNs, stratum } = status;
  const because = reason ?? "none given";
  if (isAgentFault(reason)) {
    const text = `the agent's own fault (${because}): not counted`;
    return { ...row("agent_fault", 0, text), counts: false };
  }
  if (noResponse) return row("no_response", -5, `no response (${because})`);
  if (stratum === 0 && reason === "kiss_rate") {
    return row("rate_limited", -3.5, "the server sent RATE");
  }
  if (stratum === 0 && (reason === "kiss_deny" || reason === "kiss_rstr")) {
    return row("access_denied", -10, `the server refused us (${because})`, -50);
  }
  if (stratum === 0 && (reason === undefined || reason === "stratum_zero")) {
    return row("stratum_zero", -2, "stratum 0 without a kiss code", 5);
  }
  if (reason !== undefined) return row("failed", -4, `the check failed (${because})`);
  if (offsetNs === undefined) return row("failed", -4, "the check has no offset");
  return offsetStep(offsetNs, stratum);
}

/** The next score of a monitor for a server: decay, step, cap. A step that does not count leaves it as it is. */
export function nextScore(
  before: number,
  { step, cap, counts = true }: Pick<ScoreStep, "step" | "cap"> & { readonly counts?: boolean },
): number {
  if (!counts) return before;
  const next = before * SCORE_DECAY + step;
  return cap === undefined ? next : Math.min(next, cap);
}

function offsetStep(offsetNs: bigint, stratum: number): ScoreStep {
  const magnitudeNs = offsetNs < 0n ? -offsetNs : offsetNs;
  const seconds = Number(magnitudeNs) / 1e9;
  const seen = `offset ${formatOffset(offsetNs)}`;
  if (magnitudeNs > OFFSET_USELESS_NS) {
    return row(
      "offset_above_3s",
      -4,
      `${seen} is beyond ${formatDurationNs(OFFSET_USELESS_NS)}`,
      -20,
    );
  }
  if (stratum >= STRATUM_HIGH) {
    return row("stratum_8_or_more", -4, `stratum ${stratum} is ${STRATUM_HIGH} or more`);
  }
  if (magnitudeNs > OFFSET_BAD_NS) {
    return row("offset_above_750ms", -2, `${seen} is beyond ${formatDurationNs(OFFSET_BAD_NS)}`);
  }
  if (seconds > OFFSET_KNOT_SECONDS) {
    return row("offset_above_100ms", -2.308 * seconds + 0.731, `${seen}: 0.731 − 2.308 per second`);
  }
  if (magnitudeNs > OFFSET_GOOD_NS) {
    const step = Math.min(-6.667 * seconds + 1.167, STEP_MAX);
    return row("offset_above_25ms", step, `${seen}: 1.167 − 6.667 per second, at most ${STEP_MAX}`);
  }
  return row("offset_good", STEP_MAX, `${seen} is within ${formatDurationNs(OFFSET_GOOD_NS)}`);
}

function row(rule: StepRule, step: number, ruleText: string, cap?: number): ScoreStep {
  return { rule, step, ruleText, cap, counts: true };
}
