// What a trial found, in words.

import type { rulesV1 } from "@truechimer/api";
import { countOf, formatCount } from "../format/number.ts";

/** One sentence with the numbers. */
export function trialSentence({ triedId, activeId, effect }: rulesV1.TrialResult): string {
  const { servers = 0, serversVerdictDiffers = 0, serversScoreDiffers = 0 } = effect ?? {};
  if (servers === 0) return "No server has a result in this time.";
  if (serversVerdictDiffers + serversScoreDiffers === 0)
    return `Under ${triedId}, nothing would have differed: ${countOf(servers, "server")} as under ${activeId}.`;
  return `Under ${triedId}, ${formatCount(serversVerdictDiffers)} of ${countOf(servers, "server")} would have had another verdict at some time, and ${formatCount(serversScoreDiffers)} another score.`;
}

/** How far it can be believed. */
export function exactSentence(effect: rulesV1.TrialEffect | undefined): string {
  const { results = 0n, scoresCompared = 0n, scoresReproduced = 0n } = effect ?? {};
  const replayed = `${countOf(Number(results), "check")} replayed`;
  return scoresCompared === scoresReproduced
    ? `${replayed}; all ${formatCount(scoresCompared)} stored scores come out exactly under the rules that made them.`
    : `${replayed}; ${formatCount(scoresReproduced)} of ${formatCount(scoresCompared)} stored scores come out exactly under the rules that made them: the rest of this answer is as inexact.`;
}

/** Undefined: nothing differs in the scores. */
export function scoreChangeText(difference: number | undefined): string | undefined {
  if (difference === undefined) return undefined;
  return `${difference > 0 ? "+" : "−"}${Math.abs(difference).toFixed(1)}`;
}
