// What differs between IPv4 and IPv6, in a sentence.

import { adminV1, type analyticsV1 } from "@truechimer/api";
import { countOf, formatCount, NO_BREAK_SPACE } from "../format/number.ts";
import { aheadOrBehind, formatSpan } from "../format/offset.ts";

/** Differences beyond so many standard errors come by chance once in twenty times. */
const CERTAIN_FROM = 2;

/** How many pairs differ for certain, which the most, and which family loses fewer. */
export function familiesSentence({ pairs, pairsTotal }: analyticsV1.GetFamiliesResponse): string {
  const [first] = pairs;
  if (first === undefined) return "No name has checks over both IPv4 and IPv6.";
  const differing = pairs.filter(({ offset }) => isCertain(offset)).length;
  // The list is in that order: where its last one differs for certain, others that were cut off may, too.
  const atLeast = differing === pairs.length && differing < pairsTotal ? "At least " : "";
  const head =
    differing === 0
      ? `None of ${countOf(pairsTotal, "name")} has offsets over IPv4 and IPv6 that differ by more than chance.`
      : `${atLeast}${formatCount(differing)} of ${countOf(pairsTotal, "name")} ${differing === 1 ? "has" : "have"} offsets over IPv4 and IPv6 that differ by more than chance: ${mostOf(first)}.`;
  const losses = [adminV1.IpFamily.V4, adminV1.IpFamily.V6].map(
    (family) => pairs.filter(({ betterInLoss }) => betterInLoss === family).length,
  );
  const [ipv4 = 0, ipv6 = 0] = losses;
  return ipv4 + ipv6 === 0
    ? `${head} Losses are alike.`
    : `${head} ${lossText(ipv4, "IPv4")}${ipv4 > 0 && ipv6 > 0 ? ", " : ""}${lossText(ipv6, "IPv6")}.`;
}

/** False where it is not known. */
export function isCertain(difference: analyticsV1.FamilyDifference | undefined): boolean {
  if (difference?.standardError === undefined) return false;
  return Math.abs(difference.difference) >= CERTAIN_FROM * difference.standardError;
}

/** Of a pair whose offsets differ for certain. */
function mostOf({ serverName, offset, ipv4, ipv6 }: analyticsV1.FamilyPair): string {
  const { difference, standardError = 0 } = offset as analyticsV1.FamilyDifference;
  const seen = [ipv4, ipv6].map((side) => aheadOrBehind(side?.figures?.offset?.valueNs ?? 0n));
  const by = `${formatSpan(Math.abs(difference))}${NO_BREAK_SPACE}±${NO_BREAK_SPACE}${formatSpan(standardError)}`;
  return `${serverName} the most clearly, by ${by} (${seen[0]} over IPv4, ${seen[1]} over IPv6)`;
}

function lossText(count: number, family: string): string {
  return count === 0 ? "" : `${family} loses less for ${countOf(count, "name")}`;
}
