// Overlapping Allan deviation of a clock from its offsets (IEEE Std 1139; NIST Special Publication 1065, section 5.2.4): how
// much its frequency changes from one averaging time to the next.
//
// Checks are not evenly spaced and some are missing. Offsets are put on a grid of the usual distance, each at the instant at
// which it was measured: of several in one slot the nearest to its middle, and a slot without any stays empty. A term needs all
// three of its offsets; one with a gap is left out and nothing is made up for it. Frequencies are taken over the true distances,
// so that a clock with a constant frequency error comes out as exactly stable, however unevenly it was looked at. Evenly
// spaced offsets without gaps give the standard's estimator.

import { ValueList } from "./value-list.ts";

/** A grid of more slots is made coarser: 64 s apart they reach back 150 days. */
const SLOTS_MAX = 200_000;
/** From offsets in nanoseconds and times in microseconds to a fraction. */
const NS_PER_US = 1e-3;

/** One averaging time. */
export interface AllanPoint {
  readonly tauUs: number;
  /** Of the fractional frequency, no unit. */
  readonly deviation: number;
  /** One standard deviation of it, as the deviation over the root of the number of independent terms. */
  readonly error: number;
  /** Second differences, overlapping. */
  readonly terms: number;
}

export interface AllanDeviation {
  /** Distance of the grid. 0: fewer than two offsets. */
  readonly tau0Us: number;
  readonly slots: number;
  /** Slots that have an offset. */
  readonly filled: number;
  /** By rising averaging time. */
  readonly points: readonly AllanPoint[];
}

export interface AllanOptions {
  /** Averaging times, as multiples of the grid's distance. Default: powers of two. */
  readonly factors?: readonly number[];
  /** Averaging times with fewer terms are left out. */
  readonly termsMin?: number;
}

/** Offsets of one clock by one observer, in the order of time. Made once and used again for the next. */
export class AllanSeries {
  readonly #atUs = new ValueList();
  readonly #offsetNs = new ValueList();

  /** NaN is no offset. */
  add(atUs: number, offsetNs: number): void {
    if (Number.isNaN(offsetNs)) return;
    this.#atUs.push(atUs);
    this.#offsetNs.push(offsetNs);
  }

  get length(): number {
    return this.#atUs.length;
  }

  clear(): void {
    this.#atUs.clear();
    this.#offsetNs.clear();
  }

  /** It yields behind each averaging time. */
  *deviation(options: AllanOptions = {}): Generator<void, AllanDeviation, void> {
    const grid = gridOf(this.#atUs.values(), this.#offsetNs.values());
    if (grid === undefined) return { tau0Us: 0, slots: 0, filled: 0, points: [] };
    const points: AllanPoint[] = [];
    const factors = options.factors ?? octavesUpTo((grid.slots - 1) / 2);
    for (const factor of factors) {
      const point = pointOf(grid, factor);
      if (point.terms >= (options.termsMin ?? 1)) points.push(point);
      yield;
    }
    return { tau0Us: grid.tau0Us, slots: grid.slots, filled: grid.filled, points };
  }
}

interface Grid {
  readonly tau0Us: number;
  readonly slots: number;
  readonly filled: number;
  /** NaN: an empty slot. */
  readonly atUs: Float64Array;
  readonly offsetNs: Float64Array;
}

function gridOf(atUs: Float64Array, offsetNs: Float64Array): Grid | undefined {
  const firstUs = atUs[0];
  const lastUs = atUs.at(-1);
  if (firstUs === undefined || lastUs === undefined || lastUs === firstUs) return undefined;
  const usualUs = usualDistance(atUs);
  const tau0Us = usualUs * Math.max(1, Math.ceil((lastUs - firstUs) / usualUs / SLOTS_MAX));
  const slots = Math.round((lastUs - firstUs) / tau0Us) + 1;
  const grid = {
    atUs: new Float64Array(slots).fill(Number.NaN),
    offsetNs: new Float64Array(slots).fill(Number.NaN),
  };
  let filled = 0;
  for (const [at, us] of atUs.entries()) {
    const slot = Math.round((us - firstUs) / tau0Us);
    const middleUs = firstUs + slot * tau0Us;
    const heldUs = grid.atUs[slot] as number;
    if (Number.isNaN(heldUs)) filled += 1;
    else if (Math.abs(heldUs - middleUs) <= Math.abs(us - middleUs)) continue;
    grid.atUs[slot] = us;
    grid.offsetNs[slot] = offsetNs[at] as number;
  }
  return { tau0Us, slots, filled, ...grid };
}

/** Median of the distances that are not 0. */
function usualDistance(atUs: Float64Array): number {
  const distances = new ValueList();
  for (let at = 1; at < atUs.length; at += 1) {
    const distance = (atUs[at] as number) - (atUs[at - 1] as number);
    if (distance > 0) distances.push(distance);
  }
  return distances.median();
}

function octavesUpTo(most: number): readonly number[] {
  const factors: number[] = [];
  for (let factor = 1; factor <= most; factor *= 2) factors.push(factor);
  return factors;
}

function pointOf({ tau0Us, slots, atUs, offsetNs }: Grid, factor: number): AllanPoint {
  let sum = 0;
  let terms = 0;
  for (let at = 0; at + 2 * factor < slots; at += 1) {
    const [t0, t1, t2] = [
      atUs[at] as number,
      atUs[at + factor] as number,
      atUs[at + 2 * factor] as number,
    ];
    // An empty slot makes everything NaN.
    const before = ((offsetNs[at + factor] as number) - (offsetNs[at] as number)) / (t1 - t0);
    const after =
      ((offsetNs[at + 2 * factor] as number) - (offsetNs[at + factor] as number)) / (t2 - t1);
    const change = (after - before) * NS_PER_US;
    if (Number.isNaN(change)) continue;
    sum += change * change;
    terms += 1;
  }
  const deviation = Math.sqrt(sum / (2 * terms));
  const independent = Math.max(1, terms / factor);
  return { tauUs: factor * tau0Us, deviation, error: deviation / Math.sqrt(independent), terms };
}
