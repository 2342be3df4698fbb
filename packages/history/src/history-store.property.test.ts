// The store against the plainest model of it: an array of rows that is sorted, filtered and cut.

import fc from "fast-check";
import { expect, test } from "vitest";
import { createHistoryStore, type HistoryStore } from "./history-store.ts";
import { compareKeys, type Measurement } from "./measurement.ts";
import { packRows } from "./row-packer.ts";
import { copyMeasurement } from "./row-view.ts";

const SERVERS = 4;
const MONITORS = 3;

interface Model {
  rows: Measurement[];
  floorUs: number;
  loadedFromUs: number;
}

const DAY_US = 86_400_000_000;
/** Close together, days apart, and farther than a block can express. */
const instant = fc.oneof(
  fc.integer({ min: 0, max: 60 }),
  fc.integer({ min: 0, max: 40 * DAY_US }),
  fc.integer({ min: 0, max: 400 }).map((day) => day * DAY_US),
);
const rowId = fc.oneof(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 2 ** 50 }));

const measurement: fc.Arbitrary<Measurement> = fc.record({
  id: rowId,
  atUs: instant,
  serverId: fc.integer({ min: 1, max: SERVERS }),
  monitorId: fc.integer({ min: 1, max: MONITORS }),
  offsetNs: fc.oneof(fc.constant(Number.NaN), fc.integer({ min: -1e12, max: 1e12 })),
  boundNs: fc.oneof(fc.constant(Number.NaN), fc.integer({ min: 0, max: 2 ** 29 - 1 })),
  rttNs: fc.oneof(fc.constant(Number.NaN), fc.integer({ min: 1, max: 2 ** 29 - 1 })),
  score: fc.integer({ min: -800, max: 160 }).map((eighths) => eighths / 8),
  step: fc.integer({ min: -40, max: 8 }).map((eighths) => eighths / 8),
  stratum: fc.integer({ min: -1, max: 255 }),
  leap: fc.integer({ min: -1, max: 3 }),
  reason: fc.constantFrom("", "timeout", "kiss_rate"),
  noResponse: fc.boolean(),
  hasEvidence: fc.boolean(),
  samplesSent: fc.integer({ min: 0, max: 15 }),
  samplesAnswered: fc.integer({ min: 0, max: 15 }),
});

type Action = (model: Model, store: HistoryStore) => void;

const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.array(measurement, { maxLength: 40 }).map((rows): Action => addRows(rows)),
  },
  { weight: 1, arbitrary: instant.map((us): Action => evictBefore(us)) },
  { weight: 1, arbitrary: fc.tuple(instant, instant).map(([a, b]): Action => dropBetween(a, b)) },
  { weight: 1, arbitrary: instant.map((us): Action => extendHorizon(us)) },
  { weight: 1, arbitrary: fc.double({ min: 0, max: 1, noNaN: true }).map(evictToShare) },
);

test("whatever comes in whatever order, scans see what a sorted array would hold", () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 15 }), (actions) => {
      const model: Model = {
        rows: [],
        floorUs: Number.NEGATIVE_INFINITY,
        loadedFromUs: Number.POSITIVE_INFINITY,
      };
      const store = createHistoryStore();
      for (const act of actions) {
        act(model, store);
        compare(model, store);
      }
    }),
    { numRuns: 300 },
  );
});

function addRows(rows: readonly Measurement[]): Action {
  // A row never changes: the same key is the same row.
  const own = [...new Map(rows.map((row) => [`${row.atUs} ${row.id}`, row])).values()];
  return (model, store) => {
    const fresh = own.filter(
      (row) =>
        row.atUs >= model.floorUs && !model.rows.some((held) => compareKeys(held, row) === 0),
    );
    model.rows = [...model.rows, ...fresh].toSorted(compareKeys);
    // Of two packed batches each may be late for the other.
    const added = packRows(own).reduce((sum, packed) => sum + store.add(packed), 0);
    expect(added).toBe(fresh.length);
  };
}

function evictBefore(us: number): Action {
  return (model, store) => {
    store.evictBefore(us);
    hide(model, us);
  };
}

function evictToShare(share: number): Action {
  return (model, store) => {
    const bytesMax = store.bytes * share;
    const before = store.horizonUs;
    // Evicted by time before, and their block not yet freed.
    const hidden = store.rows - model.rows.length;
    const freed = store.evictToBytes(bytesMax);
    expect(store.bytes <= bytesMax || store.blocks().length <= 1).toBe(true);
    expect(store.horizonUs).toBeGreaterThanOrEqual(before);
    // The oldest went, as many as it says, and only whole microseconds.
    const goneUs = model.rows[freed - hidden - 1]?.atUs;
    if (goneUs !== undefined) hide(model, goneUs + 1);
  };
}

function dropBetween(a: number, b: number): Action {
  const window = { fromUs: Math.min(a, b), toUs: Math.max(a, b) };
  return (model, store) => {
    store.drop(window);
    model.rows = model.rows.filter(({ atUs }) => atUs < window.fromUs || atUs >= window.toUs);
  };
}

function extendHorizon(us: number): Action {
  return (model, store) => {
    const wanted = Math.min(model.loadedFromUs, us);
    store.extendHorizon(wanted);
    model.loadedFromUs = wanted;
  };
}

function hide(model: Model, us: number): void {
  model.floorUs = Math.max(model.floorUs, us);
  model.rows = model.rows.filter(({ atUs }) => atUs >= model.floorUs);
}

function compare(model: Model, store: HistoryStore): void {
  const all = { fromUs: Number.NEGATIVE_INFINITY, toUs: Number.POSITIVE_INFINITY };
  expect(scanned(store, all)).toEqual(model.rows);
  expect(store.horizonUs).toBe(Math.max(model.floorUs, model.loadedFromUs));
  expect(store.rows).toBeGreaterThanOrEqual(model.rows.length);
  const middle = model.rows[Math.floor(model.rows.length / 2)]?.atUs ?? 0;
  for (const window of [all, { fromUs: middle, toUs: middle + DAY_US }]) {
    const inWindow = model.rows.filter(
      (row) => row.atUs >= window.fromUs && row.atUs < window.toUs,
    );
    expect(store.count(window)).toBe(inWindow.length);
    for (let serverId = 0; serverId <= SERVERS; serverId += 1) {
      const ofServer = inWindow.filter((row) => row.serverId === serverId);
      expect(scanned(store, { ...window, serverId })).toEqual(ofServer);
      const ofBoth = ofServer.filter((row) => row.monitorId === 2);
      expect(scanned(store, { ...window, serverId, monitorId: 2 })).toEqual(ofBoth);
      expect(newest(store, { ...window, serverId }, 3)).toEqual(ofServer.toReversed().slice(0, 3));
      expect(oldest(store, { ...window, serverId }, 3)).toEqual(ofServer.slice(0, 3));
    }
    expect(oldest(store, window, 5)).toEqual(inWindow.slice(0, 5));
    const ofMonitor = inWindow.filter((row) => row.monitorId === 1);
    expect(scanned(store, { ...window, monitorId: 1 })).toEqual(ofMonitor);
  }
}

function scanned(
  store: HistoryStore,
  scan: Parameters<HistoryStore["scan"]>[0],
): readonly Measurement[] {
  const rows: Measurement[] = [];
  store.scan(scan, (row) => rows.push(copyMeasurement(row)));
  return rows;
}

function newest(
  store: HistoryStore,
  scan: Parameters<HistoryStore["scan"]>[0],
  count: number,
): readonly Measurement[] {
  const rows: Measurement[] = [];
  store.scanNewest(scan, (row) => rows.push(copyMeasurement(row)) < count);
  return rows;
}

function oldest(
  store: HistoryStore,
  scan: Parameters<HistoryStore["scan"]>[0],
  count: number,
): readonly Measurement[] {
  const rows: Measurement[] = [];
  store.scanOldest(scan, (row) => rows.push(copyMeasurement(row)) < count);
  return rows;
}
