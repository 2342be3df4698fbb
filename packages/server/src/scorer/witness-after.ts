// What a monitor is a witness of after one more result: as its assignment says by then, without reading it.

import { legacyBoundNs, type Witness, type WitnessAnswer } from "@truechimer/scoring";
import type { ScoredResult } from "./scored-result.ts";

/** `intervalNs`: between two of its checks, with the score that it has now. */
export function witnessAfter(known: Witness, result: ScoredResult, intervalNs: bigint): Witness {
  const { monitorId, checkedAtNs, answer, watchingSinceNs } = known;
  // One that comes late says nothing of now.
  if (checkedAtNs !== undefined && result.atNs < checkedAtNs) return { ...known, intervalNs };
  return {
    monitorId,
    checkedAtNs: result.atNs,
    reason: result.reason ?? undefined,
    leap: result.leap ?? undefined,
    answer: answerOf(result) ?? answer,
    watchingSinceNs,
    intervalNs,
  };
}

function answerOf({
  atNs,
  reason,
  offsetNs,
  boundNs,
  rttNs,
}: ScoredResult): WitnessAnswer | undefined {
  if (reason !== null || offsetNs === null) return undefined;
  return { atNs, offsetNs, boundNs: boundNs ?? legacyBoundNs(rttNs ?? 0n) };
}
