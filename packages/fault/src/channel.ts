// What can be wrong between a monitor and a server, one channel each: offset and delay shift, requests are lost, RATE and
// leap announcements come. A channel says how badly a pair is explained by an assumed effect, and which effect explains
// some pairs best.

import type { Count, Shift } from "./pair-view.ts";
import { median, weightedMedian } from "./robust.ts";

/** In what trouble shows. */
export type ChannelName = "offset" | "delay" | "loss" | "rate" | "unfit" | "leap";

/** One kind of trouble, in all pairs; they are numbers from 0. */
export interface Channel {
  readonly name: ChannelName;
  /** Whether this pair has data. */
  knows(pair: number): boolean;
  /** Half a deviance (−log likelihood up to a constant), capped, so that a single wild pair convicts nobody. */
  cost(pair: number, effect: number): number;
  /** The effect that, on top of what is explained already, explains these pairs best; all of them have data. */
  fit(pairs: readonly number[], explained: Float64Array): number;
  /** Two effects at once. */
  both(one: number, other: number): number;
  /** How many times the noise of a single check it is; of what is counted, infinite. */
  sigmas(pairs: readonly number[], effect: number): number;
  /** Too small to be looked for, however surely it is there. */
  isSmall(pairs: readonly number[], effect: number): boolean;
  /** Whether a single pair shows it in each of its checks now. */
  isSteady(pair: number, effect: number): boolean;
}

/** Seven standard deviations: a pair further off is not believed more. */
const COST_CAP = 24.5;
/** A shift below this many standard deviations of a single check is not looked for. */
export const SHIFT_SIGMAS_MIN = 0.8;
/** More lost, or refused, than was usual by less than this share is not looked for. */
const SHARE_MIN = 0.04;
/** Besides the share that all pairs have together, what is tried: most of them may have more, or less. */
const POOLED_FACTORS = [0.6, 1, 1.5];
/** A share of all would leave no chance to what still comes. */
const SHARE_MAX = 0.999;

/** How the shifts are to be read. */
export interface ShiftReading {
  /** Of each pair: an effect within so much of the shift is as good as the shift itself. Default: nothing. */
  readonly slack?: ArrayLike<number>;
  /** The effect is sought among the shifts themselves, and not among what of them lies beyond the slack. */
  readonly isWhole?: boolean;
}

/** The channel of a value that shifts. */
export function shiftChannel(
  name: ChannelName,
  shifts: readonly Shift[],
  { slack = new Float64Array(shifts.length), isWhole = false }: ShiftReading = {},
): Channel {
  const by = column(shifts, (shift) => shift.by);
  const error = column(shifts, (shift) => shift.error);
  const noise = column(shifts, (shift) => shift.noise);
  const least = column(shifts, (shift) => shift.least);
  const missing = (pair: number, effect: number): number => {
    const off = (by[pair] as number) - effect;
    const beyond = Math.max(0, Math.abs(off) - (slack[pair] as number));
    return off < 0 ? -beyond : beyond;
  };
  const knows = (pair: number): boolean => !Number.isNaN(by[pair]);
  // Asked about again and again for the same pairs.
  const noises = new Map<readonly number[], number>();
  const noiseOf = (pairs: readonly number[]): number => {
    const known = noises.get(pairs);
    if (known !== undefined) return known;
    const found = median(pairs.map((pair) => noise[pair] as number));
    noises.set(pairs, found);
    return found;
  };
  const sigmas = (pairs: readonly number[], effect: number): number =>
    Math.abs(effect) / noiseOf(pairs);
  const values = new Float64Array(by.length);
  const weights = new Float64Array(by.length);
  return {
    name,
    knows,
    cost: (pair, effect) => {
      const errors = missing(pair, effect) / (error[pair] as number);
      return Math.min(COST_CAP, (errors * errors) / 2);
    },
    fit: (pairs, explained) => {
      for (let place = 0; place < pairs.length; place += 1) {
        const pair = pairs[place] as number;
        const others = explained[pair] as number;
        values[place] = isWhole ? (by[pair] as number) - others : missing(pair, others);
        weights[place] = 1 / (error[pair] as number);
      }
      return weightedMedian({ values, weights, length: pairs.length });
    },
    both: (one, other) => one + other,
    sigmas,
    isSmall: (pairs, effect) => sigmas(pairs, effect) < SHIFT_SIGMAS_MIN,
    isSteady: (pair, effect) => Math.abs(effect) <= 2 * Math.abs(least[pair] as number),
  };
}

/** The channel of something that happens more often than was usual; an effect is the share of what went well that now does not. */
export function countChannel(name: ChannelName, counts: readonly Count[]): Channel {
  const hits = column(counts, (count) => count.hits);
  const of = column(counts, (count) => count.of);
  const usual = column(counts, (count) => count.usual);
  const both = (one: number, other: number): number => 1 - (1 - one) * (1 - other);
  const cost = (pair: number, effect: number): number =>
    Math.min(
      COST_CAP,
      halfDeviance(hits[pair] as number, of[pair] as number, both(usual[pair] as number, effect)),
    );
  const pooledShare = (pairs: readonly number[], explained: Float64Array): number => {
    let excess = 0;
    let left = 0;
    for (const pair of pairs) {
      const expected =
        (of[pair] as number) * both(usual[pair] as number, explained[pair] as number);
      excess += (hits[pair] as number) - expected;
      left += (of[pair] as number) - expected;
    }
    return excess / left;
  };
  return {
    name,
    knows: (pair) => (of[pair] as number) > 0,
    cost,
    both,
    fit: (pairs, explained) => {
      const pooled = pooledShare(pairs, explained);
      if (pooled <= 0) return 0;
      let best = { share: 0, cost: Number.POSITIVE_INFINITY };
      for (const factor of POOLED_FACTORS) {
        const share = Math.min(SHARE_MAX, pooled * factor);
        const total = sum(pairs, (pair) => cost(pair, both(explained[pair] as number, share)));
        if (total < best.cost) best = { share, cost: total };
      }
      return best.share;
    },
    isSmall: (_, effect) => effect < SHARE_MIN,
    sigmas: () => Number.POSITIVE_INFINITY,
    isSteady: () => true,
  };
}

function column<Item>(items: readonly Item[], read: (item: Item) => number): Float64Array {
  const values = new Float64Array(items.length);
  for (let place = 0; place < items.length; place += 1) values[place] = read(items[place] as Item);
  return values;
}

function sum(pairs: readonly number[], value: (pair: number) => number): number {
  let total = 0;
  for (const pair of pairs) total += value(pair);
  return total;
}

/** Of a binomial count, against the share that it has itself. */
function halfDeviance(hits: number, of: number, share: number): number {
  const misses = of - hits;
  let deviance = 0;
  if (hits > 0) deviance += hits * Math.log(hits / (of * share));
  if (misses > 0) deviance += misses * Math.log(misses / (of * (1 - share)));
  return deviance;
}
