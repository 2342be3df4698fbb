// What the fleet holds of a server: the truth, a lie, nothing at all, or too little to tell.

import type { VerdictReason } from "./verdict-reason.ts";
import { type Tally, type TallyInput, verdictTally } from "./verdict-tally.ts";
import { verdictText } from "./verdict-text.ts";
import type { VerdictPolicy } from "./witness.ts";

/**
 * truechimer: tells the truth. falseticker: lies. unreachable: silent. unsure: too little is known, or the server says itself not to be trusted.
 */
export type VerdictKind = "truechimer" | "falseticker" | "unreachable" | "unsure";

/** A verdict with its reason and the numbers behind it. */
export interface Verdict {
  readonly verdict: VerdictKind;
  /** A code of docs/reference/reasons.md. */
  readonly reason: VerdictReason;
  /** One sentence with the numbers. */
  readonly text: string;
  /** The middle one of the measured offsets, with its own bound. Absent: none is fresh. */
  readonly offsetNs: bigint | undefined;
  readonly boundNs: bigint | undefined;
  /** Monitors whose last check is fresh and says something. */
  readonly witnessesFresh: number;
  /** Of those, how many hold the offset wholly outside of the limit. */
  readonly witnessesAgainst: number;
}

/** The verdict now. Pure: the same witnesses at the same time give the same sentence. */
export function verdictOf(input: TallyInput): Verdict {
  const { policy } = input;
  const tally = verdictTally(input);
  const { verdict, reason } = decide(tally, policy);
  return {
    verdict,
    reason,
    text: verdictText({ reason, tally, policy }),
    offsetNs: tally.middle?.offsetNs,
    boundNs: tally.middle?.boundNs,
    witnessesFresh: tally.measured + tally.refused + tally.silent,
    witnessesAgainst: tally.against,
  };
}

/** First match wins. */
function decide(
  tally: Tally,
  policy: VerdictPolicy,
): { readonly verdict: VerdictKind; readonly reason: VerdictReason } {
  const { measured, against, refused, refusal, silent, silentWithDatagram } = tally;
  const withData = measured + refused;
  if (withData >= policy.witnessesMin && against * 2 > withData) {
    return { verdict: "falseticker", reason: "offset_outside_limit" };
  }
  if (refusal !== undefined && refused >= measured) return { verdict: "unsure", reason: refusal };
  if (withData === 0 && silent >= policy.witnessesMin) {
    const mostGotSomething = silentWithDatagram * 2 > silent;
    return { verdict: "unreachable", reason: mostGotSomething ? "no_valid_answer" : "no_answer" };
  }
  if (withData + silent === 0) return { verdict: "unsure", reason: "no_witness" };
  if (withData < policy.witnessesMin) return { verdict: "unsure", reason: "few_witnesses" };
  return { verdict: "truechimer", reason: "within_limit" };
}
