// A verdict in one sentence with its numbers.

import { formatDurationNs, formatOffset } from "@truechimer/base";
import { reasonText } from "@truechimer/ntp";
import type { VerdictReason } from "./verdict-reason.ts";
import type { Tally } from "./verdict-tally.ts";
import type { VerdictPolicy } from "./witness.ts";

export interface VerdictTextInput {
  readonly reason: VerdictReason;
  readonly tally: Tally;
  readonly policy: VerdictPolicy;
}

/** Starts with a small letter or a number, ends without a full stop. */
export function verdictText({ reason, tally, policy }: VerdictTextInput): string {
  const withData = tally.measured + tally.refused;
  const limit = `±${formatDurationNs(policy.offsetLimitNs)}`;
  switch (reason) {
    case "within_limit":
    case "offset_outside_limit":
      return `${share(tally.against, withData)} with fresh data ${agree(tally.against, "holds", "hold")} it outside ${limit}${middleText(tally)}`;
    case "no_answer":
      return `none of ${count(tally.silent)} had an answer for ${policy.freshIntervals} check intervals`;
    case "no_valid_answer":
      return `none of ${count(tally.silent)} had a valid answer for ${policy.freshIntervals} check intervals, though datagrams came back`;
    case "few_witnesses":
      return `${count(withData)} ${agree(withData, "has", "have")} fresh data, and the policy asks for ${policy.witnessesMin}`;
    case "no_witness":
      return "no monitor has fresh data on it";
    case "stratum_zero":
      return `${share(tally.refused, withData)} with fresh data: the server answers with stratum 0`;
    default:
      return `${share(tally.refused, withData)} with fresh data: ${reasonText(reason)}`;
  }
}

function middleText({ middle }: Tally): string {
  if (middle === undefined) return "";
  return `; the middle one has ${formatOffset(middle.offsetNs, middle.boundNs)}`;
}

/** `5 of 7 monitors`, `none of 7 monitors`. */
function share(part: number, whole: number): string {
  return `${part === 0 ? "none" : part} of ${count(whole)}`;
}

function count(monitors: number): string {
  return `${monitors} ${agree(monitors, "monitor", "monitors")}`;
}

function agree(number: number, one: string, many: string): string {
  return number === 1 ? one : many;
}
