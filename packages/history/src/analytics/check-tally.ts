// What many checks come to: counts, and medians over those that succeeded. A failed check has no offset and no delay
// here, and never counts as one of 0.

import type { Share } from "../percentiles.ts";
import type { RowView } from "../row-view.ts";
import { ValueList } from "./value-list.ts";

/** Of a group of checks. Medians are by nearest rank: each is a value that was measured. NaN: there is none. */
export interface CheckFigures {
  readonly checks: number;
  /** Of them, those with a reason. */
  readonly failed: number;
  /** NTP requests, and how many of them were answered. */
  readonly samplesSent: number;
  readonly samplesAnswered: number;
  /** Median offset, nanoseconds; positive: the server's clock is ahead. */
  readonly offsetNs: number;
  /** Of the same offsets, nanoseconds. */
  readonly leastOffsetNs: number;
  readonly greatestOffsetNs: number;
  /** Median of the offsets without their signs, nanoseconds. */
  readonly absOffsetNs: number;
  /** Median round trip, nanoseconds. */
  readonly rttNs: number;
  /** Median of the bounds on the errors of the offsets, nanoseconds. */
  readonly boundNs: number;
}

/** How the values of a group lie about their medians: median absolute deviations, by nearest rank. NaN: there are none. */
export interface CheckSpread {
  /** Checks that have an offset. */
  readonly offsets: number;
  /** Median distance of the offsets from their median, nanoseconds. */
  readonly offsetNs: number;
  /** Checks that have a round trip. */
  readonly rtts: number;
  /** Median distance of the round trips from their median, nanoseconds. */
  readonly rttNs: number;
}

/** Gathers checks; made once and used again for the next group. */
export class CheckTally {
  readonly #offsets = new ValueList();
  readonly #rtts = new ValueList();
  readonly #bounds = new ValueList();
  #checks = 0;
  #failed = 0;
  #samplesSent = 0;
  #samplesAnswered = 0;

  get checks(): number {
    return this.#checks;
  }

  add(row: RowView): void {
    this.addWithoutOffset(row);
    if (row.succeeded) this.addOffset(row.offsetNs);
  }

  /** All of a check but its offset, which `addOffset` may bring, as it is or as a difference. */
  addWithoutOffset(row: RowView): void {
    this.#checks += 1;
    this.#samplesSent += row.samplesSent;
    this.#samplesAnswered += row.samplesAnswered;
    if (!row.succeeded) {
      this.#failed += 1;
      return;
    }
    pushKnown(this.#rtts, row.rttNs);
    pushKnown(this.#bounds, row.boundNs);
  }

  /** NaN is none. */
  addOffset(offsetNs: number): void {
    pushKnown(this.#offsets, offsetNs);
  }

  /** Of the group as it is, before it is taken; in steps as `takeInSteps`. */
  *spreadInSteps(): Generator<void, CheckSpread> {
    const offsetNs = yield* this.#offsets.medianDeviationInSteps();
    const rttNs = yield* this.#rtts.medianDeviationInSteps();
    return { offsets: this.#offsets.length, offsetNs, rtts: this.#rtts.length, rttNs };
  }

  /** Ends the group: the next check begins another. */
  take(): CheckFigures {
    const steps = this.takeInSteps();
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
    }
  }

  /** The same of a large group, in which nothing may be added meanwhile: it yields behind each piece of the work. */
  *takeInSteps(): Generator<void, CheckFigures, void> {
    const offsets: number[] = [];
    for (const share of LEAST_MEDIAN_GREATEST) {
      offsets.push(...this.#offsets.percentiles([share]));
      yield;
    }
    const [leastOffsetNs, offsetNs, greatestOffsetNs] = offsets as [number, number, number];
    this.#offsets.makeAbsolute();
    const absOffsetNs = this.#offsets.median();
    yield;
    const rttNs = this.#rtts.median();
    yield;
    const boundNs = this.#bounds.median();
    const figures: CheckFigures = {
      checks: this.#checks,
      failed: this.#failed,
      samplesSent: this.#samplesSent,
      samplesAnswered: this.#samplesAnswered,
      offsetNs,
      leastOffsetNs,
      greatestOffsetNs,
      absOffsetNs,
      rttNs,
      boundNs,
    };
    for (const list of [this.#offsets, this.#rtts, this.#bounds]) list.clear();
    this.#checks = 0;
    this.#failed = 0;
    this.#samplesSent = 0;
    this.#samplesAnswered = 0;
    return figures;
  }
}

/** Share of the samples without an answer, 0 to 1. NaN: none was sent. */
export function lossOf({ samplesSent, samplesAnswered }: CheckFigures): number {
  return samplesSent === 0 ? Number.NaN : 1 - samplesAnswered / samplesSent;
}

const LEAST_MEDIAN_GREATEST: readonly Share[] = [0, 0.5, 1];

function pushKnown(list: ValueList, value: number): void {
  if (!Number.isNaN(value)) list.push(value);
}
