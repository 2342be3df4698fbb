// A verdict in one sentence with its numbers. Owners of a single monitor read these most, so that one monitor has
// wordings of its own.

import { formatDurationNs, formatOffset } from "@truechimer/base";
import { reasonText } from "@truechimer/ntp";
import type { VerdictReason } from "./verdict-reason.ts";
import type { Tally } from "./verdict-tally.ts";
import type { VerdictPolicy } from "./witness.ts";

/** What was decided, and the numbers that decided it. */
export interface VerdictTextInput {
  readonly reason: VerdictReason;
  readonly tally: Tally;
  readonly policy: VerdictPolicy;
}

/** Starts with a small letter or a number, ends without a full stop. */
export function verdictText({ reason, tally, policy }: VerdictTextInput): string {
  switch (reason) {
    case "within_limit":
    case "offset_outside_limit":
      return offsetText(tally, policy);
    case "no_answer":
      return silenceText(tally, policy, "answer");
    case "no_valid_answer":
      return `${silenceText(tally, policy, "valid answer")}, though datagrams came back`;
    case "few_witnesses":
      return fewText(tally.measured + tally.refused, policy.witnessesMin);
    case "no_witness":
      return "no monitor has fresh data on it";
    case "stratum_zero":
      return refusalText(tally, "the server answers with stratum 0");
    default:
      return refusalText(tally, reasonText(reason));
  }
}

function offsetText({ measured, refused, against, middle }: Tally, policy: VerdictPolicy): string {
  const limit = `±${formatDurationNs(policy.offsetLimitNs)}`;
  const offset = middle === undefined ? "no offset" : formatOffset(middle.offsetNs, middle.boundNs);
  const withData = measured + refused;
  if (withData === 1) {
    return `its one monitor with fresh data has ${offset}, which is ${against === 1 ? "" : "not "}outside ${limit}`;
  }
  return `${share(against, withData)} with fresh data ${against === 1 ? "holds" : "hold"} it outside ${limit}; the middle one has ${offset}`;
}

function silenceText({ silent }: Tally, policy: VerdictPolicy, what: string): string {
  const span = `for ${policy.freshIntervals} check intervals`;
  if (silent === 1) return `its one monitor had no ${what} ${span}`;
  return `none of ${silent} monitors had ${what === "answer" ? "an" : "a"} ${what} ${span}`;
}

function refusalText({ measured, refused }: Tally, what: string): string {
  const withData = measured + refused;
  if (withData === 1) return `its one monitor is told: ${what}`;
  return `${share(refused, withData)} ${refused === 1 ? "is" : "are"} told: ${what}`;
}

function fewText(withData: number, wanted: number): string {
  if (withData === 0) return `no monitor has fresh data on it, and the policy asks for ${wanted}`;
  const who = withData === 1 ? "1 monitor has" : `${withData} monitors have`;
  return `${who} fresh data on it, and the policy asks for ${wanted}`;
}

/** `5 of 7 monitors`, `none of 7 monitors`. */
function share(part: number, whole: number): string {
  return `${part === 0 ? "none" : part} of ${whole} monitors`;
}
