// The same servers over IPv4 and over IPv6: how far apart the two are, and whether the difference is more than chance.

import { type CheckFigures, type CheckSpread, lossOf } from "./check-tally.ts";

/** What the checks over one family come to. */
export interface FamilySide {
  readonly figures: CheckFigures;
  readonly spread: CheckSpread;
}

/** The servers of one name, all addresses of a family taken together. */
export interface FamilySides {
  readonly name: string;
  readonly ipv4: FamilySide;
  readonly ipv6: FamilySide;
}

/** IPv6 less IPv4. */
export interface FamilyDifference {
  /** NaN: one of the two has no value. */
  readonly difference: number;
  /** One standard error of the difference. NaN: too little was measured to tell. */
  readonly standardError: number;
}

export interface FamilyPair extends FamilySides {
  /** Of the median offsets, nanoseconds. */
  readonly offset: FamilyDifference;
  /** Of the median round trips, nanoseconds. */
  readonly rtt: FamilyDifference;
  /** Of the shares of samples without an answer, −1 to 1. */
  readonly loss: FamilyDifference;
  /** The family that loses fewer, where the difference is more than chance. */
  readonly betterInLoss: "ipv4" | "ipv6" | undefined;
}

export interface FamilyPairs {
  /** Those first whose offsets differ the most, in standard errors; those without one at the end, the greatest loss first. */
  readonly pairs: readonly FamilyPair[];
  /** Pairs with checks over both families, those that are left out of the list included. */
  readonly total: number;
}

/** Differences beyond so many standard errors come by chance once in twenty times. */
const STANDARD_ERRORS_MIN = 2;
/** The spread of fewer values says nothing: that of one is 0. */
const VALUES_MIN = 5;
/** Offsets and round trips are whole nanoseconds: no difference is known better. */
const STANDARD_ERROR_MIN_NS = 1;
/** Standard deviation of a normal distribution, in median absolute deviations. */
const DEVIATIONS_TO_SIGMA = 1.4826;
/** Standard error of the median of normal values, in that of their mean: √(π/2). */
const MEDIAN_TO_MEAN = Math.sqrt(Math.PI / 2);

/** Pairs without a check over one of the families have to be left out before. */
export function familyPairs(
  sides: readonly FamilySides[],
  { pairsMax }: { readonly pairsMax: number },
): FamilyPairs {
  const pairs = sides.map(familyPair).toSorted(byCertainty);
  return { pairs: pairs.slice(0, pairsMax), total: pairs.length };
}

function familyPair(sides: FamilySides): FamilyPair {
  const { ipv4, ipv6 } = sides;
  const loss = lossDifference(ipv4.figures, ipv6.figures);
  return {
    ...sides,
    offset: {
      difference: ipv6.figures.offsetNs - ipv4.figures.offsetNs,
      standardError: standardErrorNs(
        [ipv4.spread.offsets, ipv4.spread.offsetNs],
        [ipv6.spread.offsets, ipv6.spread.offsetNs],
      ),
    },
    rtt: {
      difference: ipv6.figures.rttNs - ipv4.figures.rttNs,
      standardError: standardErrorNs(
        [ipv4.spread.rtts, ipv4.spread.rttNs],
        [ipv6.spread.rtts, ipv6.spread.rttNs],
      ),
    },
    loss,
    betterInLoss: isBeyondChance(loss) ? (loss.difference < 0 ? "ipv6" : "ipv4") : undefined,
  };
}

/** False where it is not known. */
function isBeyondChance({ difference, standardError }: FamilyDifference): boolean {
  return difference !== 0 && Math.abs(difference) >= STANDARD_ERRORS_MIN * standardError;
}

/** Of the difference of two medians, each with how many values and with their median absolute deviation. */
function standardErrorNs(
  ...medians: readonly (readonly [count: number, deviationNs: number])[]
): number {
  if (medians.some(([count]) => count < VALUES_MIN)) return Number.NaN;
  const errors = medians.map(
    ([count, deviationNs]) =>
      (MEDIAN_TO_MEAN * DEVIATIONS_TO_SIGMA * deviationNs) / Math.sqrt(count),
  );
  return Math.max(STANDARD_ERROR_MIN_NS, Math.hypot(...errors));
}

/** That of two proportions which are assumed to be the same, as in the two-proportion z-test. */
function lossDifference(ipv4: CheckFigures, ipv6: CheckFigures): FamilyDifference {
  const sent = ipv4.samplesSent + ipv6.samplesSent;
  const together = 1 - (ipv4.samplesAnswered + ipv6.samplesAnswered) / sent;
  const perSent = 1 / ipv4.samplesSent + 1 / ipv6.samplesSent;
  const difference = lossOf(ipv6) - lossOf(ipv4);
  return {
    difference,
    standardError: Number.isNaN(difference)
      ? Number.NaN
      : Math.sqrt(together * (1 - together) * perSent),
  };
}

function byCertainty(one: FamilyPair, other: FamilyPair): number {
  return (
    descending(errorsApart(one.offset), errorsApart(other.offset)) ||
    descending(Math.abs(one.loss.difference), Math.abs(other.loss.difference)) ||
    (one.name < other.name ? -1 : 1)
  );
}

function errorsApart({ difference, standardError }: FamilyDifference): number {
  return Math.abs(difference) / standardError;
}

/** NaN behind all numbers. */
function descending(one: number, other: number): number {
  if (Number.isNaN(one) || Number.isNaN(other))
    return Number(Number.isNaN(one)) - Number(Number.isNaN(other));
  return other - one;
}
