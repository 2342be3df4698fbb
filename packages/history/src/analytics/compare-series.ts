// Several servers, or several monitors, side by side: figures of each in buckets of time that are the same for all. A
// monitor is compared by its difference from the fleet: its offset less the median of all monitors' offsets of the same server in
// the same bucket, so that what the server does cancels out.

import { assert } from "@truechimer/base";
import type { HistoryWindow } from "../history-store.ts";
import type { RowView } from "../row-view.ts";
import { type CheckFigures, CheckTally } from "./check-tally.ts";
import { ValueList } from "./value-list.ts";

const SECOND_US = 1_000_000;
const MINUTE_US = 60 * SECOND_US;
const HOUR_US = 60 * MINUTE_US;
const DAY_US = 24 * HOUR_US;
const BUCKETS_US: readonly number[] = [
  ...[1, 2, 5, 10, 15, 30].map((count) => count * SECOND_US),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * MINUTE_US),
  ...[1, 2, 3, 6, 12].map((count) => count * HOUR_US),
];
/** Fewer witnesses have no median that one of them could be held against. */
const WITNESSES_MIN = 3;

/** Figures of the checks in one bucket. */
interface FiguresBucket {
  /** Its beginning. */
  readonly atUs: number;
  readonly figures: CheckFigures;
}

/** Of one server or monitor. */
export interface BucketedFigures {
  readonly overall: CheckFigures;
  /** Oldest first. */
  readonly buckets: readonly FiguresBucket[];
}

/** A round length of time, so that the window has `bucketsMax` buckets at most. */
export function bucketUsFor({ fromUs, toUs }: HistoryWindow, bucketsMax: number): number {
  // One more than fits where the first and the last are cut.
  const least = (toUs - fromUs) / Math.max(1, bucketsMax - 1);
  return BUCKETS_US.find((us) => us >= least) ?? DAY_US * Math.ceil(least / DAY_US);
}

/** The buckets of a window: they begin at multiples of their length since 1970, whatever the window. */
export function* bucketWindows(
  { fromUs, toUs }: HistoryWindow,
  bucketUs: number,
): Generator<HistoryWindow, void, void> {
  for (let us = fromUs; us < toUs; ) {
    const endUs = Math.min(toUs, bucketUs * (Math.floor(us / bucketUs) + 1));
    yield { fromUs: us, toUs: endUs };
    us = endUs;
  }
}

/** The checks of one server or monitor, which come in the order of time. */
export class BucketedTally {
  readonly #bucketUs: number;
  readonly #bucket = new CheckTally();
  readonly #overall = new CheckTally();
  readonly #buckets: FiguresBucket[] = [];
  #at = Number.NEGATIVE_INFINITY;

  constructor(bucketUs: number) {
    this.#bucketUs = bucketUs;
  }

  add(row: RowView): void {
    this.addWithoutOffset(row);
    if (row.succeeded) this.addOffset(row.offsetNs);
  }

  /** Offsets follow before the first check of the next bucket. */
  addWithoutOffset(row: RowView): void {
    const at = Math.floor(row.atUs / this.#bucketUs);
    assert(at >= this.#at, "checks come in the order of time");
    if (at !== this.#at) this.#endBucket(at);
    this.#bucket.addWithoutOffset(row);
    this.#overall.addWithoutOffset(row);
  }

  addOffset(offsetNs: number): void {
    this.#bucket.addOffset(offsetNs);
    this.#overall.addOffset(offsetNs);
  }

  /** Buckets without checks are left out. It yields behind each piece of the work. */
  *take(): Generator<void, BucketedFigures, void> {
    this.#endBucket(Number.NEGATIVE_INFINITY);
    const overall = yield* this.#overall.takeInSteps();
    return { overall, buckets: this.#buckets };
  }

  #endBucket(next: number): void {
    if (this.#bucket.checks > 0)
      this.#buckets.push({ atUs: this.#at * this.#bucketUs, figures: this.#bucket.take() });
    this.#at = next;
  }
}

/** What all monitors found of all servers in one bucket; made once and used again for the next. */
export class FleetBucket {
  readonly #monitors: ReadonlyMap<number, BucketedTally>;
  readonly #servers = new Map<number, SeenServer>();

  /** Of the monitors that are compared. */
  constructor(monitors: ReadonlyMap<number, BucketedTally>) {
    this.#monitors = monitors;
  }

  add(row: RowView): void {
    const { serverId, monitorId } = row;
    const own = this.#monitors.get(monitorId);
    own?.addWithoutOffset(row);
    const { offsetNs } = row;
    if (!row.succeeded || Number.isNaN(offsetNs)) return;
    let server = this.#servers.get(serverId);
    if (server === undefined) {
      server = { offsets: new ValueList(), witnesses: new Set(), compared: new Map() };
      this.#servers.set(serverId, server);
    }
    server.offsets.push(offsetNs);
    server.witnesses.add(monitorId);
    if (own === undefined) return;
    let compared = server.compared.get(monitorId);
    if (compared === undefined) {
      compared = new ValueList();
      server.compared.set(monitorId, compared);
    }
    compared.push(offsetNs);
  }

  /** Ends the bucket; it yields behind each server. */
  *end(): Generator<void, void, void> {
    for (const { offsets, witnesses, compared } of this.#servers.values()) {
      if (witnesses.size >= WITNESSES_MIN) {
        const fleetNs = offsets.median();
        for (const [monitorId, list] of compared) {
          for (const offsetNs of list.values())
            this.#monitors.get(monitorId)?.addOffset(offsetNs - fleetNs);
        }
      }
      offsets.clear();
      witnesses.clear();
      for (const list of compared.values()) list.clear();
      yield;
    }
  }
}

interface SeenServer {
  readonly offsets: ValueList;
  readonly witnesses: Set<number>;
  /** By monitor that is compared. */
  readonly compared: Map<number, ValueList>;
}
