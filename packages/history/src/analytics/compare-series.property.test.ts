import fc from "fast-check";
import { expect, test } from "vitest";
import { aMeasurement } from "../_measurements.ts";
import { createHistoryStore, type HistoryStore } from "../history-store.ts";
import type { Measurement } from "../measurement.ts";
import { packRows } from "../row-packer.ts";
import {
  type BucketedFigures,
  BucketedTally,
  bucketUsFor,
  bucketWindows,
  FleetBucket,
} from "./compare-series.ts";
import { scanInSlices } from "./scan-slices.ts";

const SECOND = 1_000_000;

function storeOf(rows: readonly Measurement[]): HistoryStore {
  const store = createHistoryStore();
  for (const packed of packRows(rows)) store.add(packed);
  store.extendHorizon(0);
  return store;
}

function taken(tally: BucketedTally): BucketedFigures {
  const steps = tally.take();
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

function plainMedian(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.ceil(sorted.length / 2) - 1] ?? Number.NaN;
}

const someRows = fc
  .array(
    fc.record({
      atUs: fc.integer({ min: 0, max: 600 * SECOND }),
      serverId: fc.integer({ min: 1, max: 3 }),
      monitorId: fc.integer({ min: 1, max: 4 }),
      offsetNs: fc.integer({ min: -1_000_000, max: 1_000_000 }),
      reason: fc.constantFrom("", "", "timeout"),
    }),
    { maxLength: 150 },
  )
  .map((parts) => parts.map((part, at) => aMeasurement({ ...part, id: at + 1 })));

test("buckets have a round length, tile the window, and are the same whatever the window", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 1e15 }),
      fc.integer({ min: 1, max: 100 * 86_400 * SECOND }),
      fc.integer({ min: 10, max: 400 }),
      (fromUs, lengthUs, bucketsMax) => {
        const window = { fromUs, toUs: fromUs + lengthUs };
        const bucketUs = bucketUsFor(window, bucketsMax);
        const windows = [...bucketWindows(window, bucketUs)];
        expect(windows.length).toBeLessThanOrEqual(bucketsMax);
        expect(windows[0]?.fromUs).toBe(fromUs);
        expect(windows.at(-1)?.toUs).toBe(window.toUs);
        for (const [at, each] of windows.entries()) {
          if (at > 0) {
            expect(each.fromUs).toBe(windows[at - 1]?.toUs);
            expect(each.fromUs % bucketUs).toBe(0);
          }
          expect(each.toUs - each.fromUs).toBeLessThanOrEqual(bucketUs);
        }
      },
    ),
  );
});

test("a bucket has the figures of the checks that fall into it, and none is left out", () => {
  fc.assert(
    fc.property(someRows, (rows) => {
      const bucketUs = 60 * SECOND;
      const tally = new BucketedTally(bucketUs);
      const scan = { fromUs: 0, toUs: 700 * SECOND, serverId: 1 };
      for (const _slice of scanInSlices(storeOf(rows), scan, (row) => tally.add(row)));
      const { overall, buckets } = taken(tally);
      const own = rows.filter(({ serverId }) => serverId === 1);
      expect(overall.checks).toBe(own.length);
      const grouped = Map.groupBy(own, ({ atUs }) => bucketUs * Math.floor(atUs / bucketUs));
      expect(buckets.map(({ atUs }) => atUs)).toEqual(
        [...grouped.keys()].toSorted((a, b) => a - b),
      );
      for (const { atUs, figures } of buckets) {
        const here = grouped.get(atUs) ?? [];
        const good = here.filter(({ reason }) => reason === "").map(({ offsetNs }) => offsetNs);
        expect(figures.checks).toBe(here.length);
        expect(figures.failed).toBe(here.length - good.length);
        expect(figures.offsetNs).toBe(plainMedian(good));
      }
    }),
  );
});

/** As the server drives it. */
function compare(rows: readonly Measurement[], monitorIds: readonly number[], bucketUs: number) {
  const tallies = new Map(monitorIds.map((id) => [id, new BucketedTally(bucketUs)]));
  const fleet = new FleetBucket(tallies);
  const store = storeOf(rows);
  for (const window of bucketWindows({ fromUs: 0, toUs: 700 * SECOND }, bucketUs)) {
    for (const _slice of scanInSlices(store, window, (row) => fleet.add(row)));
    for (const _server of fleet.end());
  }
  return new Map([...tallies].map(([id, tally]) => [id, taken(tally)]));
}

test("a monitor's difference from the fleet is its offset less the median of all, server by server", () => {
  fc.assert(
    fc.property(someRows, (rows) => {
      const bucketUs = 120 * SECOND;
      const found = compare(rows, [2], bucketUs).get(2);
      const bucketOf = ({ atUs }: Measurement): number => Math.floor(atUs / bucketUs);
      const good = rows.filter(({ reason }) => reason === "");
      const differences = good
        .filter(({ monitorId }) => monitorId === 2)
        .flatMap((row) => {
          const beside = good.filter(
            (one) => one.serverId === row.serverId && bucketOf(one) === bucketOf(row),
          );
          const witnesses = new Set(beside.map(({ monitorId }) => monitorId)).size;
          return witnesses < 3
            ? []
            : [row.offsetNs - plainMedian(beside.map(({ offsetNs }) => offsetNs))];
        });
      expect(found?.overall.offsetNs).toBe(plainMedian(differences));
      expect(found?.overall.checks).toBe(rows.filter(({ monitorId }) => monitorId === 2).length);
    }),
  );
});

test("what a server's clock does cancels out of the comparison of monitors", () => {
  const rows = Array.from({ length: 400 }, (_unused, at) => {
    const monitorId = 1 + (at % 4);
    const drift = 7_000_000 * Math.sin(at / 30) + 5_000 * at;
    // The third clock is 2 ms behind, so that it sees every server 2 ms ahead.
    const own = monitorId === 3 ? 2_000_000 : 0;
    return aMeasurement({
      id: at + 1,
      atUs: Math.floor(at / 4) * 5 * SECOND,
      serverId: 1,
      monitorId,
      offsetNs: Math.round(drift) + own,
    });
  });
  const found = compare(rows, [3, 1], 5 * SECOND);
  expect(found.get(3)?.overall.offsetNs).toBeGreaterThan(1_900_000);
  expect(Math.abs(found.get(1)?.overall.offsetNs ?? Number.NaN)).toBeLessThan(100_000);
});
